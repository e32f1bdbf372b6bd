# frozen_string_literal: true

# What the filter uses of Logstash: an event, and the time of one.

require 'json'

module LogStash
  class Timestamp
    def initialize(text)
      @text = text
    end

    def to_json(*args)
      @text.to_json(*args)
    end
  end

  class Event
    def initialize(data)
      @data = data
    end

    def get(reference)
      path(reference).reduce(@data) { |value, key| value.is_a?(Hash) ? value[key] : nil }
    end

    def set(reference, value)
      *parents, last = path(reference)
      parents.reduce(@data) { |hash, key| hash[key] ||= {} }[last] = value
    end

    def remove(reference)
      *parents, last = path(reference)
      parents.reduce(@data) { |hash, key| hash[key] || {} }.delete(last)
    end

    def to_hash
      @data.dup
    end

    private

    # `[a][b]` or `a`.
    def path(reference)
      reference.start_with?('[') ? reference.scan(/\[([^\[\]]+)\]/).flatten : [reference]
    end
  end
end

# Filters the events of a file of JSON and prints what became of them.
def filter_file(name)
  events = JSON.parse(File.read(name)).map { |data| LogStash::Event.new(data) }
  JSON.generate(events.flat_map { |event| filter(event) }.map(&:to_hash))
end
