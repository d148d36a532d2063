/* A plugin in C, small enough to be read at once: authentication with two users that are written down here.
 *
 *   cc -std=c11 -shared -fPIC -I crates/proctor-plugin/include -o libexample.so plugins/example-in-c/example.c
 *   proctord plugins check libexample.so
 *
 * Tokens in a source file are for an example only. docs/PLUGINS.md tells what every function has to do. */
#include "proctor_plugin.h"

#include <stdlib.h>
#include <string.h>

static const char MANIFEST[] = "{\"name\": \"example-in-c\", \"version\": \"1.0.0\", \"plugins\": [{\"name\": "
                               "\"ExampleAuth\", \"kind\": \"auth\", \"methods\": [\"authenticate\"]}]}";

static const struct user {
    const char *token;
    const char *answer;
} USERS[] = {
    {"open sesame", "{\"email\": \"ali@example.org\", \"name\": \"Ali\", \"active\": true, \"groups\": [\"cave\"]}"},
    {"close sesame", "{\"email\": \"cassim@example.org\", \"name\": \"Cassim\", \"active\": false, \"groups\": []}"},
};

/* What it knows is written above, so an instance has nothing of its own; its address is any that is not NULL. */
static int instance_of_all;

static int is(proctor_bytes bytes, const char *text) {
    return bytes.length == strlen(text) && memcmp(bytes.data, text, bytes.length) == 0;
}

/* The same, in a time that tells nothing of how much of it is right. */
static int is_secret(proctor_bytes bytes, const char *secret) {
    size_t length = strlen(secret);
    volatile uint8_t differs = bytes.length != length;
    for (size_t i = 0; i < length; i++)
        differs |= (uint8_t)secret[i] ^ (i < bytes.length ? bytes.data[i] : 0);
    return !differs;
}

/* The answer is copied into memory that `release` frees. */
static int32_t say(proctor_answer *answer, int32_t code, const char *text) {
    size_t length = strlen(text);
    answer->data = malloc(length);
    if (answer->data == NULL)
        return PROCTOR_PLUGIN_FAILED;
    memcpy(answer->data, text, length);
    answer->length = answer->capacity = length;
    return code;
}

static void skip_spaces(proctor_bytes json, size_t *at) {
    while (*at < json.length && strchr(" \t\r\n", json.data[*at]) != NULL)
        ++*at;
}

/* The text between two quotes, as it is written; `at` stands on the first one, and then behind the second one. */
static proctor_bytes text_at(proctor_bytes json, size_t *at) {
    size_t begin = ++*at;
    while (*at < json.length && json.data[*at] != '"')
        *at += json.data[*at] == '\\' ? 2 : 1;
    size_t end = *at < json.length ? *at : json.length;
    *at = end + 1;
    return (proctor_bytes){json.data + begin, end - begin};
}

/* The text that a JSON object has under a key. Escapes stay as they are: no token here has any. A plugin with more to
 * read takes a JSON library. */
static int find_text(proctor_bytes json, const char *key, proctor_bytes *found) {
    size_t depth = 0;
    for (size_t at = 0; at < json.length;) {
        uint8_t byte = json.data[at];
        if (byte != '"') {
            depth += byte == '{' || byte == '[';
            depth -= byte == '}' || byte == ']';
            at++;
            continue;
        }
        proctor_bytes text = text_at(json, &at);
        skip_spaces(json, &at);
        if (depth != 1 || at >= json.length || json.data[at] != ':' || !is(text, key))
            continue;
        at++;
        skip_spaces(json, &at);
        if (at >= json.length || json.data[at] != '"')
            return 0;
        *found = text_at(json, &at);
        return 1;
    }
    return 0;
}

static int32_t create(proctor_bytes name, void **instance, proctor_answer *answer) {
    if (!is(name, "ExampleAuth"))
        return say(answer, PROCTOR_PLUGIN_FAILED, "there is no such plugin in it");
    *instance = &instance_of_all;
    return PROCTOR_PLUGIN_OK;
}

/* Whom the token belongs to; null, if to nobody. That the user is the one whom the request claims to come from, and in
 * all groups that are needed, the service sees to. */
static int32_t call(void *instance, proctor_bytes method, proctor_bytes request, proctor_answer *answer) {
    (void)instance;
    if (!is(method, "authenticate"))
        return PROCTOR_PLUGIN_NO_METHOD;
    proctor_bytes token;
    if (!find_text(request, "token", &token))
        return say(answer, PROCTOR_PLUGIN_FAILED, "the request has no token");
    const char *found = "null";
    for (size_t i = 0; i < sizeof(USERS) / sizeof(USERS[0]); i++)
        if (is_secret(token, USERS[i].token))
            found = USERS[i].answer;
    return say(answer, PROCTOR_PLUGIN_OK, found);
}

static void release(proctor_answer answer) {
    free(answer.data);
}

static void destroy(void *instance) {
    (void)instance;
}

const proctor_plugin_table_v1 *proctor_plugin_v1(void) {
    static const proctor_plugin_table_v1 table = {
        .size = sizeof(proctor_plugin_table_v1),
        .major = PROCTOR_PLUGIN_MAJOR,
        .minor = PROCTOR_PLUGIN_MINOR,
        .manifest = {(const uint8_t *)MANIFEST, sizeof(MANIFEST) - 1},
        .create = create,
        .call = call,
        .release = release,
        .destroy = destroy,
    };
    return &table;
}
