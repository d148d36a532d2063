-- Publishes procs. KEYS: the set of names, then the documents. ARGV: for each document its proc's name and itself.
-- A set that is none fails before anything is written.
for at = 2, #KEYS do
    redis.call('SADD', KEYS[1], ARGV[2 * at - 3])
    redis.call('SET', KEYS[at], ARGV[2 * at - 2])
end
