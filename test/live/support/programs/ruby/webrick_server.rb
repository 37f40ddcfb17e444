# SPDX-License-Identifier: Apache-2.0
# Arguments: certificate and key, or none. Prints {"port": n}.
require 'json'
require 'openssl'
require 'webrick'
require 'webrick/https'

options = { BindAddress: '127.0.0.1', Port: 0, MaxClients: 100, AccessLog: [], Logger: WEBrick::Log.new(File::NULL) }
unless ARGV.empty?
  certificate, key = ARGV.map { |path| File.read(path) }
  options.merge!(
    SSLEnable: true,
    SSLCertificate: OpenSSL::X509::Certificate.new(certificate),
    SSLPrivateKey: OpenSSL::PKey.read(key)
  )
end

# WEBrick's own answer to POST is an error.
class Answer < WEBrick::HTTPServlet::AbstractServlet
  def do_GET(request, response)
    response.status = request.path == '/missing' ? 404 : 200
    response['Content-Type'] = 'text/plain'
    response['X-Client-Port'] = request.peeraddr[1].to_s
    response.body = "WEBrick says target=#{request.unparsed_uri} bytes=#{request.body.to_s.bytesize}\n"
  end
  alias do_POST do_GET
end

server = WEBrick::HTTPServer.new(options)
server.mount('/', Answer)
trap('TERM') { server.shutdown }
$stdout.sync = true
puts({ port: server.listeners[0].addr[1] }.to_json)
server.start
