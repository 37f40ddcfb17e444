# SPDX-License-Identifier: Apache-2.0
# For Puma, which gives the connection itself as puma.socket.
run(lambda do |env|
  body = env['rack.input'].read
  target = [env['PATH_INFO'], env['QUERY_STRING']].join('?')
  headers = {
    'Content-Type' => 'text/plain',
    'X-Client-Port' => env['puma.socket'].peeraddr[1].to_s,
    'X-Process' => Process.pid.to_s
  }
  status = env['PATH_INFO'] == '/missing' ? 404 : 200
  [status, headers, ["Puma says target=#{target} bytes=#{body.bytesize}\n"]]
end)
