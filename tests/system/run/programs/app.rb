# A program that was never told of tpmock: the host is written in.
require "net/http"
require "openssl"
require "socket"

URL = URI("https://api.trustpilot.com/v1/business-units/find?name=trustpilotdemo.com")
HEADERS = { "apikey" => ENV.fetch("TRUSTPILOT_API_KEY") }.freeze

WAYS = {
  "net_http" => -> { Net::HTTP.get_response(URL, HEADERS).code },
  "without_proxy" => lambda do
    client = Net::HTTP.new(URL.host, 443, nil)
    client.use_ssl = true
    client.get(URL.request_uri, HEADERS).code
  end,
  "socket" => lambda do
    context = OpenSSL::SSL::SSLContext.new
    context.set_params
    secure = OpenSSL::SSL::SSLSocket.new(Socket.tcp(URL.host, 443), context)
    secure.hostname = URL.host
    secure.connect
    secure.post_connection_check(URL.host)
    secure.write("GET #{URL.request_uri} HTTP/1.1\r\nHost: #{URL.host}\r\napikey: #{HEADERS["apikey"]}\r\n\r\n")
    secure.gets.split[1]
  end,
  "faraday" => lambda do
    require "faraday"
    Faraday.get(URL, nil, HEADERS).status
  end
}.freeze

puts ARGV.map { |way| WAYS.fetch(way).call }.join(" ")
