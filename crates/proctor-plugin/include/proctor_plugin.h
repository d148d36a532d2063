/* The interface between Proctor and its plugins, version 1. docs/PLUGINS.md tells what it means.
 *
 * A plugin is a dynamic library with the one exported function `proctor_plugin_v1`. Texts are UTF-8, and JSON where
 * it says so; none ends with a zero byte. Each side frees what it has allocated. No exception, panic or longjmp
 * leaves a function. Calls of one instance may come from several threads at once. */
#ifndef PROCTOR_PLUGIN_H
#define PROCTOR_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROCTOR_PLUGIN_MAJOR 1
#define PROCTOR_PLUGIN_MINOR 0

/* What a function returns. */
#define PROCTOR_PLUGIN_OK 0          /* the answer is JSON as the method says */
#define PROCTOR_PLUGIN_FAILED 1      /* the answer is text for the service's log: what went wrong */
#define PROCTOR_PLUGIN_NO_METHOD 2   /* there is no such method; no answer */

/* Bytes that belong to whoever passes them, and only until the function returns. */
typedef struct proctor_bytes {
    const uint8_t *data; /* may be NULL if length is 0 */
    size_t length;
} proctor_bytes;

/* Bytes that belong to the plugin until they are given to `release`. */
typedef struct proctor_answer {
    uint8_t *data; /* NULL: there is none */
    size_t length;
    size_t capacity; /* for the plugin's own use */
} proctor_answer;

/* The library's table. It stays where it is for as long as the process lives. Fields are only ever appended: `size`
 * says how many bytes of it there are. */
typedef struct proctor_plugin_table_v1 {
    uint32_t size;  /* sizeof(proctor_plugin_table_v1) */
    uint16_t major; /* PROCTOR_PLUGIN_MAJOR */
    uint16_t minor; /* PROCTOR_PLUGIN_MINOR */

    /* JSON, for as long as the process lives:
     * {"name": "my-plugins", "version": "1.2.3",
     *  "plugins": [{"name": "MyAuth", "kind": "auth", "methods": ["authenticate", "authorise", "lookup"]}]} */
    proctor_bytes manifest;

    /* Makes an instance of the plugin of that name. On PROCTOR_PLUGIN_OK `*instance` is set, to whatever value, and
     * there is no answer. */
    int32_t (*create)(proctor_bytes name, void **instance, proctor_answer *answer);

    /* Calls a method of an instance. `request` and the answer are JSON. */
    int32_t (*call)(void *instance, proctor_bytes method, proctor_bytes request, proctor_answer *answer);

    /* Frees an answer. Called once for each that has data. */
    void (*release)(proctor_answer answer);

    /* Ends an instance. No call of it is under way, and none comes afterwards. */
    void (*destroy)(void *instance);
} proctor_plugin_table_v1;

/* Exported by every plugin. NULL, if it cannot be used at all. */
const proctor_plugin_table_v1 *proctor_plugin_v1(void);

#ifdef __cplusplus
}
#endif

#endif
