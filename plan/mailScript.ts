/**
 * Speaks with the mail servers as Mastodon will: with its own library, from its own image, by the variables that
 * `config/email.yml` reads, and with the time limits that are written there. It goes as far as naming the sender, which
 * some services refuse, and leaves no mail; one is sent where `SEND_TO` says to whom.
 *
 * What stands against it is told by the key of the stack file. It is for Ruby 3.1 and later, and net-smtp 0.3 and later.
 */
export const mailScript = String.raw`require "net/smtp"
require "openssl"
require "securerandom"
require "socket"

class Refusal < StandardError; end

# Tells how far it came, which the library does not.
class Session < Net::SMTP
  attr_reader :greeted, :encrypted

  def ehlo(*)
    @greeted = true
    super
  end

  def starttls(*)
    super.tap { @encrypted = true }
  end
end

class MailServer
  KNOWN_METHODS = {"PLAIN" => "plain", "LOGIN" => "login", "CRAM-MD5" => "cram_md5"}.freeze
  OPEN_TIMEOUT = 5
  READ_TIMEOUT = 20

  def initialize(prefix, key, password)
    @prefix, @key, @password = prefix, key, password
  end

  def set(name) = ENV["#{@prefix}SMTP_#{name}"]
  def host = set("SERVER")
  def port = Integer(set("PORT"))
  def tls? = set("TLS") == "true"

  def try(recipient)
    @session = session
    connect
    log_in if set("LOGIN")
    answer = recipient.empty? ? name_sender : send_to(recipient)
    leave
    answer
  rescue Net::ReadTimeout, EOFError, IOError, SystemCallError, OpenSSL::SSL::SSLError => error
    refuse "server", "#{host} broke off the conversation (#{error.message}): run the same command again; if that does not help, ask the mail service"
  rescue Net::ProtocolError => error
    refuse "server", "#{host} says #{words(error)}: ask the mail service what it means"
  end

  private

  def refuse(key, text, of: @key) = raise(Refusal, "mastodon:#{of}.#{key}: #{text}")

  # One line of what a server said, without what could move a terminal's cursor.
  def words(error) = error.message.to_s.lines.first.to_s.scrub("?").gsub(/[^[:print:]]/, " ").strip.inspect

  def status(error) = error.message.to_s[0, 3]

  # What was asked is answered by then, whatever the server makes of a farewell.
  def leave
    @session.finish
  rescue Net::ProtocolError, Timeout::Error, IOError, SystemCallError, OpenSSL::SSL::SSLError
    nil
  end

  def session
    Session.new(host, port).tap do |smtp|
      smtp.open_timeout = OPEN_TIMEOUT
      smtp.read_timeout = READ_TIMEOUT
      if tls?
        smtp.disable_starttls
        smtp.enable_tls(context)
      else
        case set("ENABLE_STARTTLS")
        when "always" then smtp.enable_starttls(context)
        when "auto" then smtp.enable_starttls_auto(context)
        else smtp.disable_starttls
        end
      end
    end
  end

  def context
    Net::SMTP.default_ssl_context.tap do |context|
      mode = set("OPENSSL_VERIFY_MODE")
      context.verify_mode = OpenSSL::SSL.const_get("VERIFY_#{mode.upcase}") if mode
      context.ca_file = set("CA_FILE") || "/etc/ssl/certs/ca-certificates.crt"
      context.verify_callback = lambda do |good, store|
        @certificate = store.chain&.first || store.current_cert
        good
      end
    end
  end

  def connect
    @session.start(set("DOMAIN"))
  rescue SocketError => error
    name_fault(error)
  rescue Errno::ECONNREFUSED
    refuse "port", "#{port} is closed at #{host}, which answers and takes no mail there; use the port that the mail service names, mostly 587, or 465 with tls: true"
  rescue Net::OpenTimeout, Errno::ETIMEDOUT
    refuse "port", "#{port} of #{host} does not answer within #{OPEN_TIMEOUT} seconds; #{silence_advice}"
  rescue Errno::EHOSTUNREACH, Errno::ENETUNREACH, Errno::EADDRNOTAVAIL
    refuse "server", "#{host.inspect} cannot be reached: the host has no way there; see to its network and its firewall"
  rescue OpenSSL::SSL::SSLError => error
    tls_fault(error)
  rescue Net::ReadTimeout
    raise if @session.greeted
    refuse "port", "#{port} of #{host} takes the connection and then says nothing for #{READ_TIMEOUT} seconds; #{tls? ? "ask the mail service whether that is the right port" : "if it expects TLS from the first byte, as on port 465, set tls: true; else use another port"}"
  rescue EOFError, Errno::ECONNRESET, Errno::EPIPE
    raise if @session.greeted
    refuse "port", "#{port} of #{host} closes the connection without a word: it is not meant for sending mail, or the service does not take the host's address; use the port that the mail service names"
  rescue Net::SMTPUnsupportedCommand
    refuse "startTls", "\"always\" is not possible: #{host} offers no STARTTLS on port #{port}; use the port where it does, or 465 with tls: true"
  rescue Net::ProtocolError => error
    raise if @session.greeted
    refuse "server", "#{host} turns the host away: it says #{words(error)}; ask the mail service, or use another"
  end

  def name_fault(error)
    if error.message.match?(/temporary|try again/i)
      refuse "server", "#{host.inspect} could not be looked up, since the host's name servers do not answer; see to the host's DNS"
    end
    refuse "server", "#{host.inspect} is a name that no name server knows; write it as the mail service does"
  end

  def silence_advice
    if [25, 465].include?(port)
      "Hetzner and most providers of home connections block ports 25 and 465: use port 587, or 2525 where the mail service has it"
    else
      "a firewall on the way closes it, or the server is down: try port 587, or 2525 where the mail service has it"
    end
  end

  def tls_fault(error)
    case error.message
    when /hostname|does not match/i
      refuse "server", "#{host.inspect} shows a certificate for another name (#{names}); write the name that the mail service gives"
    when /certificate has expired/
      refuse "server", "#{host.inspect} shows a certificate that expired on #{date(:not_after)}, and the host's clock says #{day(Time.now)}: its operator has to renew it"
    when /not yet valid/
      refuse "server", "#{host.inspect} shows a certificate that is valid from #{date(:not_before)} on, and the host's clock says #{day(Time.now)}: set the clock"
    when /certificate verify failed/
      refuse "server", "#{host.inspect} shows a certificate that no known authority vouches for (issued by #{issuer}); give that authority's certificate as #{@key}.ca, or write the name that the mail service gives"
    when /wrong version number|packet length too long|record layer failure|unknown protocol/
      refuse "tls", "true is not possible: #{host} does not speak TLS on port #{port}; leave tls out, or use port 465"
    else
      refuse "server", "#{host} and Mastodon do not agree on an encryption (#{error.message[/state=.*/] || error.message}): its operator has to offer TLS 1.2 or later"
    end
  end

  def names
    value = @certificate&.extensions&.find { |extension| extension.oid == "subjectAltName" }&.value
    value&.gsub("DNS:", "") || @certificate&.subject&.to_s || "none"
  end

  def issuer = @certificate&.issuer&.to_utf8 || "nobody"
  def date(bound) = day(@certificate&.public_send(bound))
  def day(time) = time&.utc&.strftime("%Y-%m-%d")

  def log_in
    login, wanted = set("LOGIN"), set("AUTH_METHOD")
    unless tls? || @session.encrypted
      refuse "login", "#{login.inspect} would be sent with its password in clear, since #{host} offers no STARTTLS on port #{port}; use the port where it does, or 465 with tls: true"
    end
    offered = @session.capable_auth_types
    if offered.empty?
      refuse "login", "#{login.inspect} is of no use: #{host} offers no login on port #{port}; use the port for customers, mostly 587, or leave the login and #{@password} out"
    end
    unless offered.map { |method| KNOWN_METHODS[method] }.include?(wanted)
      refuse "authMethod", "#{wanted.inspect} is not offered by #{host}, which offers #{offered.join(", ")}; #{method_advice(offered)}"
    end
    @session.authenticate(login, set("PASSWORD"), wanted.to_sym)
  rescue Net::SMTPServerBusy => error
    refuse "login", "#{login.inspect} cannot log in for now: #{host} says #{words(error)}; run the same command again later"
  rescue Net::SMTPAuthenticationError, Net::SMTPFatalError, Net::SMTPSyntaxError, Net::SMTPUnknownError => error
    refuse "login", "#{login.inspect} and #{@password} are refused: #{host} says #{words(error)}; set the password anew with \u0060npm run pulumi -- config set --secret mastodon:#{@password}\u0060 (many services want one made for this purpose, an app password or a key, not that of the account)"
  end

  def method_advice(offered)
    choices = offered.filter_map { |method| KNOWN_METHODS[method] }
    choices.empty? ? "Mastodon knows none of them: use another mail service" : "set authMethod: #{choices.join(" or ")}"
  end

  # The address in the envelope, to which mail that cannot be delivered comes back.
  def sender
    ENV["SMTP_RETURN_PATH"] || ENV.fetch("SMTP_FROM_ADDRESS")[/<([^<>]+)>\s*\z/, 1] || ENV.fetch("SMTP_FROM_ADDRESS")
  end

  def name_sender
    begin_mail
    @session.rset
    "#{host}:#{port} takes mail from #{sender}, #{manner}"
  end

  def manner
    [tls? || @session.encrypted ? "encrypted" : "in clear", *(set("LOGIN") && "as #{set("LOGIN")}")].join(", ")
  end

  def begin_mail
    @session.mailfrom(sender)
  rescue Net::SMTPServerBusy => error
    refuse "server", "#{host} takes no mail for now: it says #{words(error)}; run the same command again later"
  rescue Net::ProtocolError => error
    if status(error) == "530" && !(tls? || @session.encrypted)
      refuse "startTls", "#{set("ENABLE_STARTTLS").inspect} is not enough: #{host} says #{words(error)}; leave startTls out"
    elsif status(error) == "530"
      refuse "login", "is missing: #{host} says #{words(error)}; give it, and #{@password}"
    end
    key = ENV["SMTP_RETURN_PATH"] ? "returnPath" : "from"
    refuse key, "#{sender.inspect} is refused as sender: #{host} says #{words(error)}; use an address of a domain that is confirmed at the mail service", of: "smtp"
  end

  def send_to(recipient)
    begin_mail
    begin
      @session.rcptto(recipient)
    rescue Net::ProtocolError => error
      raise Refusal, "--mail: #{recipient.inspect} is refused by #{host} as recipient, which says #{words(error)}; name another address, or confirm the sender's domain at the mail service"
    end
    answer = @session.data(message(recipient))
    "#{host}:#{port} took a mail to #{recipient}, #{manner}: it says #{answer.string.to_s.strip.inspect}"
  rescue Net::SMTPFatalError, Net::SMTPServerBusy => error
    refuse "server", "#{host} refuses the mail: it says #{words(error)}; ask the mail service what it means"
  end

  def message(recipient)
    from = ENV.fetch("SMTP_FROM_ADDRESS")
    name, address = from.match(/\A(.*\S)\s*<(.+)>\s*\z/)&.captures
    name = "=?UTF-8?B?#{[name].pack("m0")}?=" unless name.nil? || name.ascii_only?
    [
      "From: #{name ? "#{name} <#{address}>" : from}",
      "To: #{recipient}",
      *(ENV["SMTP_REPLY_TO"] && "Reply-To: #{ENV["SMTP_REPLY_TO"]}"),
      "Subject: Mail from #{set("DOMAIN")} arrives",
      "Date: #{Time.now.strftime("%a, %d %b %Y %H:%M:%S %z")}",
      "Message-ID: <#{SecureRandom.hex(16)}@#{sender[/[^@]+\z/]}>",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "Auto-Submitted: auto-generated",
      "",
      "This mail was sent from the host of #{set("DOMAIN")} by #{host}, port #{port}, with the settings that Mastodon sends with.",
      "If it lies among the spam, look at its headers: SPF, DKIM and DMARC should each say \"pass\".",
      "",
    ].join("\r\n")
  end
end

servers = [["", "smtp", "smtpPassword"], ["BULK_", "smtp.bulk", "bulkSmtpPassword"]].filter_map do |prefix, key, password|
  next unless ENV["#{prefix}SMTP_SERVER"]
  file = ENV["#{prefix}SMTP_CA_FILE"]
  File.write(file, ENV.fetch("#{prefix}SMTP_CA_CERTIFICATES")) if file
  MailServer.new(prefix, key, password)
end

refusals = servers.filter_map do |server|
  puts server.try(ENV["SEND_TO"].to_s)
  nil
rescue Refusal => refusal
  refusal.message
end

warn refusals
exit(refusals.empty?)
`;
