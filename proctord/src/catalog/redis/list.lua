-- All names and documents of one moment, in turn. KEYS: the set of names. ARGV: what the keys of documents begin
-- with. A document that is missing is nil.
local found = {}
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
    local document = redis.pcall('GET', ARGV[1] .. name)
    if type(document) == 'table' then
        return redis.error_reply('WRONGTYPE ' .. ARGV[1] .. name .. ' holds no document')
    end
    found[#found + 1] = name
    found[#found + 1] = document
end
return found
