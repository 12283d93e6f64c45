# frozen_string_literal: true

# Loaded into Ruby by RUBYOPT: connections to the vendors' hosts go to the proxy of tpmock run, and those to hosts that
# are not allowed are refused.
require "socket"

# What leads here, and what may be called besides.
module TpmockRun
  HOST, PORT = ENV.fetch("TPMOCK_RUN_PROXY", "").split(":")
  LED = ENV.fetch("TPMOCK_RUN_HOSTS", "").split(",").freeze
  ALLOWED = ENV.fetch("TPMOCK_RUN_ALLOWED", "").split(",").freeze

  def self.plain(host)
    host.to_s.downcase.delete("[]").delete_suffix(".")
  end

  def self.here?(host)
    host.empty? || host == "localhost" || host.end_with?(".localhost") || host == "::1" || host == "::" ||
      host == "0.0.0.0" || host.match?(/\A127\.\d+\.\d+\.\d+\z/)
  end

  def self.allowed?(host)
    here?(host) || ALLOWED.any? { |one| one == "*" || one == host || (one.start_with?("*.") && host.end_with?(one[1..])) }
  end

  # Where a connection goes instead.
  def self.lead(host, port)
    name = plain(host)
    return [HOST, Integer(PORT)] if LED.include?(name)
    return [host, port] if allowed?(name)

    report(name, port)
    raise Errno::ECONNREFUSED, "tpmock run refuses #{name}: to allow it, use --allow-host #{name}, " \
                               "or --allow-network."
  end

  # The proxy counts what it is asked for, and refuses it too.
  def self.report(name, port)
    peer = TCPSocket.new(HOST, Integer(PORT))
    peer.write("CONNECT #{name}:#{port} HTTP/1.1\r\n\r\n")
    peer.read
    peer.close
  rescue SystemCallError
    nil # without a proxy, calls are not counted
  end

  # For TCPSocket.new and TCPSocket.open.
  module Initialized
    def initialize(host = nil, port = nil, *rest, **options)
      super(*TpmockRun.lead(host, port), *rest, **options)
    end
  end

  # For Socket.tcp.
  module Opened
    def tcp(host, port, *rest, **options, &block)
      super(*TpmockRun.lead(host, port), *rest, **options, &block)
    end
  end

  # For those who look a name up and connect by themselves.
  module LookedUp
    def getaddrinfo(host, port, *rest, **options)
      super(*TpmockRun.lead(host, port), *rest, **options)
    end
  end

  unless PORT.nil?
    TCPSocket.prepend(Initialized)
    Socket.singleton_class.prepend(Opened)
    Addrinfo.singleton_class.prepend(LookedUp)
  end
end
