# SPDX-License-Identifier: Apache-2.0
# Net::HTTP, driven as python/lines.py says. One connection for each server is kept.
require 'json'
require 'net/http'
require 'openssl'

def connect(uri)
  http = Net::HTTP.new(uri.host, uri.port, nil)
  http.use_ssl = uri.scheme == 'https'
  http.verify_mode = OpenSSL::SSL::VERIFY_NONE
  http.keep_alive_timeout = 60
  # Or a request that fails would be made twice.
  http.max_retries = 0
  http.start
end

def request(http, method, uri, body)
  http.send_request(method, uri.request_uri, body, body && { 'Content-Type' => 'text/plain' })
end

def load(wanted)
  waiting = (1..wanted['count']).map { |number| URI("#{wanted['url']}&id=#{number}") }.reverse
  failures = []
  workers = Array.new(wanted['concurrency']) do
    Thread.new do
      http = nil
      while (uri = waiting.pop)
        http ||= connect(uri)
        response = request(http, 'GET', uri, nil)
        failures << "#{uri}: #{response.code}" if response.code != '200'
      end
    rescue StandardError => e
      failures << e.inspect
    end
  end
  workers.each(&:join)
  { failures: failures }
end

$stdout.sync = true
puts 'ready'
kept = {}
$stdin.each_line do |line|
  wanted = JSON.parse(line)
  if wanted['count']
    puts load(wanted).to_json
    next
  end
  uri = URI(wanted['url'])
  http = wanted['fresh'] ? connect(uri) : (kept[uri.port] ||= connect(uri))
  response = request(http, wanted['method'], uri, wanted['body'])
  puts({ status: response.code.to_i, text: response.body }.to_json)
  http.finish if wanted['fresh']
end
