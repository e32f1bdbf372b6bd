# frozen_string_literal: true

# Script of Logstash's ruby filter: from a raw line to a typed document without secrets. All names, formats and masks are
# data, in rules.json, which is made of charts/logging/fields.ts and masking.ts. Runs under JRuby in Logstash and under
# CRuby in the tests, so it keeps to what both have.

require 'json'
require 'time'

# Pairs of a line such as `level=INFO msg="Listening on"`.
LOGFMT_PAIR = /([A-Za-z_][\w.]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)/.freeze
LOGFMT_LINE = /\A(?:#{LOGFMT_PAIR.source}(?:\s+|\z))+\z/.freeze
# What the kubelet calls the log of a container.
LOG_FILE = %r{/(?<namespace>[a-z0-9-]+)_(?<pod>[a-z0-9.-]+)_(?<uid>[0-9a-f-]+)/(?<container>[a-z0-9-]+)/\d+\.log\z}.freeze
BYTE = /(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)/.freeze
IPV4 = /\A#{BYTE}(?:\.#{BYTE}){3}\z/.freeze
LOWEST_LONG = -(2**63)
HIGHEST_LONG = (2**63) - 1
# Of a time in seconds: a larger number is in milliseconds.
MOST_SECONDS = 100_000_000_000

def register(params)
  rules = JSON.parse(File.read(params['rules']))
  @types = rules['fields']
  @aliases = rules['aliases']
  @nanoseconds = rules['nanoseconds']
  @dropped = rules['dropped']
  @levels = rules['levels']
  @kept = rules['kept']
  @components = rules['components']
  @formats = rules['formats'].map { |format| format.merge('regexp' => Regexp.new(format['pattern'])) }
  @masks = rules['masks'].map do |mask|
    [mask['needs'], Regexp.new(mask['pattern'], Regexp::IGNORECASE), mask['replacement']]
  end
  @masked = rules['masked']
  @secret_name = Regexp.new(rules['secretNames'], Regexp::IGNORECASE)
end

def filter(event)
  return [] if event.get('message').to_s.strip.empty?

  document = document_of(event)
  event.to_hash.each_key { |name| event.remove(name) unless name == '@timestamp' }
  timestamp = document.delete('timestamp')
  event.set('@timestamp', LogStash::Timestamp.new(timestamp)) if timestamp
  document.each { |name, value| event.set(reference(name), value) }
  [event]
end

# A line that cannot be read may hold what could not be masked: where it was is kept, and not what it said.
def document_of(event)
  normalize(event)
rescue StandardError => e
  origin(event).merge('level' => 'error', 'message' => "a line could not be read: #{e.class}")
end

# `kubernetes.pod.name` is `[kubernetes][pod][name]` to Logstash.
def reference(name)
  name.split('.').map { |part| "[#{part}]" }.join
end

def normalize(event)
  line = event.get('message').to_s
  document = origin(event).merge(mask_all(typed(fields_of(line))))
  document['message'] = summary(document) || mask(line) if document['message'].to_s.strip.empty?
  document['level'] ||= 'info'
  document['service'] ||= document['component'] if document['component']
  document
end

# Which pod wrote the line, and of which component it is: the name of the file tells.
def origin(event)
  found = @kept.to_h { |name| [name, event.get(reference(name))] }
  file = LOG_FILE.match(found['log.file.path'].to_s)
  if file
    found['kubernetes.namespace'] = file[:namespace]
    found['kubernetes.pod.name'] = file[:pod]
    found['kubernetes.pod.uid'] = file[:uid]
    found['kubernetes.container.name'] = file[:container]
    found['component'] = @components.find { |name| file[:pod].start_with?("#{name}-") } || file[:container]
  end
  found['stream'] = event.get('stream')
  found.compact
end

# Names and values of a line, whatever its form.
def fields_of(line)
  from_json(line) || from_format(line) || from_logfmt(line) || { 'message' => line }
end

def from_json(line)
  return nil unless line.lstrip.start_with?('{')

  parsed = JSON.parse(line)
  parsed.is_a?(Hash) ? flatten(parsed) : nil
rescue JSON::ParserError
  nil
end

# `{"log": {"level": "INFO"}}` and `{"log.level": "INFO"}` say the same. Fields that take objects stay whole.
def flatten(hash, prefix = nil)
  hash.each_with_object({}) do |(key, value), flat|
    name = prefix ? "#{prefix}.#{key}" : key
    if value.is_a?(Hash) && @types[name] != 'flattened'
      flat.merge!(flatten(value, name))
    else
      flat[name] = value
    end
  end
end

def from_format(line)
  @formats.each do |format|
    match = format['regexp'].match(line)
    next unless match

    fields = match.named_captures
    fields['timestamp'] = strptime(fields['timestamp'], format['time']) if format['time']
    return fields
  end
  nil
end

def strptime(text, format)
  Time.strptime("#{text}#{' UTC' unless text.end_with?('UTC')}", "#{format.delete_suffix(' %Z')} %Z").utc.iso8601(3)
rescue ArgumentError
  nil
end

def from_logfmt(line)
  return nil unless line.match?(LOGFMT_LINE)

  fields = line.scan(LOGFMT_PAIR).to_h { |name, value| [name, unquote(value)] }
  fields.key?('level') || fields.key?('msg') ? fields : nil
end

def unquote(value)
  value.start_with?('"') ? value[1..-2].gsub(/\\(["\\])/, '\1') : value
end

# Fields under their one name and of their one type; everything else in `extra`.
def typed(fields)
  document = {}
  extra = {}
  fields.each do |name, value|
    next if value.nil? || value == '' || @dropped.include?(name)

    target, converted = convert(name, value)
    if converted.nil? then extra[name] = value
    elsif target == 'extra' then extra.merge!(converted)
    else document[target] ||= converted
    end
  end
  document['extra'] = extra unless extra.empty?
  document
end

def convert(name, value)
  return [@nanoseconds[name], (value / 1e6).round(3)] if @nanoseconds.key?(name) && value.is_a?(Numeric)

  target = @aliases[name] || name
  return [target, timestamp(value)] if target == 'timestamp'
  return [target, level(value)] if target == 'level'

  [target, cast(@types[target], value)]
end

def timestamp(value)
  time = value.is_a?(Numeric) ? Time.at(0, value, value > MOST_SECONDS ? :millisecond : :second) : Time.iso8601(value.to_s)
  time.utc.iso8601(3)
rescue ArgumentError, RangeError, FloatDomainError
  nil
end

def level(value)
  name = value.to_s.downcase
  @levels.fetch(name, name)
end

# The value as that type, or nil when it is not of it: then it is kept in `extra`, and no line is lost for it.
def cast(type, value)
  case type
  when 'keyword', 'text' then text(value)
  when 'long' then whole(value)
  when 'double' then real(value)
  when 'boolean' then [true, false].include?(value) ? value : nil
  when 'ip' then address?(value.to_s) ? value : nil
  when 'flattened' then object(value)
  end
end

# Arrays of texts are fine: Elasticsearch makes no difference between one value and several.
def text(value)
  return value.map { |item| text(item) } if value.is_a?(Array)

  value.is_a?(Hash) ? JSON.generate(value) : value.to_s
end

def whole(value)
  number = value.is_a?(String) && value.match?(/\A-?\d+\z/) ? value.to_i : value
  number.is_a?(Integer) && number.between?(LOWEST_LONG, HIGHEST_LONG) ? number : nil
end

def real(value)
  number = value.is_a?(String) && value.match?(/\A-?\d+(\.\d+)?\z/) ? value.to_f : value
  number.is_a?(Numeric) && number.finite? ? number : nil
end

# Ruby's own IPAddr wants sockets, which the Ruby of the tests has not.
def address?(text)
  return text.match?(IPV4) unless text.include?(':')

  halves = text.split('::', -1)
  groups = halves.flat_map { |half| half.split(':', -1) }
  groups.all? { |group| group.match?(/\A\h{1,4}\z/) } && (halves.size == 1 ? groups.size == 8 : halves.size == 2 && groups.size < 8)
end

def object(value)
  value.is_a?(Hash) || (value.is_a?(Array) && value.all?(Hash)) ? value : nil
end

# What a line without words says: an access log has none.
def summary(document)
  words = document.values_at('method', 'path', 'status').compact
  words.join(' ') unless words.empty?
end

def mask_all(value, name = '')
  case value
  when String then name.match?(@secret_name) ? @masked : mask(value)
  when Array then value.map { |item| mask_all(item, name) }
  when Hash then value.to_h { |key, item| [key, mask_all(item, key)] }
  when Numeric then plain(value)
  else value
  end
end

# JSON has no infinity, and Elasticsearch no number beyond a long.
def plain(value)
  value.finite? && value.between?(LOWEST_LONG, HIGHEST_LONG) ? value : value.to_s
end

def mask(text)
  small = text.downcase
  @masks.reduce(text) do |masked, (needs, pattern, replacement)|
    needs.any? { |word| small.include?(word) } ? masked.gsub(pattern, replacement) : masked
  end
end
