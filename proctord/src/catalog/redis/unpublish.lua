-- Unpublishes a proc, and tells whether it was there. KEYS: the set of names, the document, the secrets.
-- ARGV: the name, and whether the secrets of a proc that was there `go` or `stay`.
local listed = redis.call('SREM', KEYS[1], ARGV[1])
local kept = redis.call('DEL', KEYS[2])
if listed + kept == 0 then
    return 0
end
if ARGV[2] == 'go' then
    redis.call('DEL', KEYS[3])
end
return 1
