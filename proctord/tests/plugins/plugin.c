/* A plugin in C. What it is asked to do by `token` it does, good or bad; what it is compiled with decides how it
 * begins. */
#include "proctor_plugin.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef MAJOR
#define MAJOR PROCTOR_PLUGIN_MAJOR
#endif
#ifndef SIZE
#define SIZE sizeof(proctor_plugin_table_v1)
#endif
#ifndef MANIFEST
#define MANIFEST                                                                                                       \
    "{\"name\": \"in-c\", \"version\": \"1.0.0\", \"plugins\": [{\"name\": \"InC\", \"kind\": \"auth\", "              \
    "\"methods\": [\"authenticate\"]}]}"
#endif

static int32_t say(proctor_answer *answer, int32_t code, const char *text, size_t length) {
    answer->data = malloc(length > 0 ? length : 1);
    memcpy(answer->data, text, length);
    answer->length = length;
    answer->capacity = length;
    return code;
}

static int32_t say_text(proctor_answer *answer, int32_t code, const char *text) {
    return say(answer, code, text, strlen(text));
}

static int is(proctor_bytes bytes, const char *text) {
    return bytes.length == strlen(text) && memcmp(bytes.data, text, bytes.length) == 0;
}

static int asks(proctor_bytes request, const char *word) {
    return memmem(request.data, request.length, word, strlen(word)) != NULL;
}

static int32_t create(proctor_bytes name, void **instance, proctor_answer *answer) {
    (void)name;
#ifdef CRASH_IN_CREATE
    abort();
#endif
    const char *marker = getenv("IN_C_FAILS");
    if (marker != NULL && access(marker, F_OK) == 0)
        return say_text(answer, PROCTOR_PLUGIN_FAILED, "told not to begin");
    *instance = NULL;
    return PROCTOR_PLUGIN_OK;
}

static int32_t hundred_megabytes(proctor_answer *answer) {
    size_t length = 100u * 1024 * 1024;
    answer->data = malloc(length);
    memset(answer->data, ' ', length);
    answer->length = length;
    answer->capacity = length;
    return PROCTOR_PLUGIN_OK;
}

static int32_t call(void *instance, proctor_bytes method, proctor_bytes request, proctor_answer *answer) {
    (void)instance;
    if (!is(method, "authenticate"))
        return PROCTOR_PLUGIN_NO_METHOD;
    if (asks(request, "segfault"))
        raise(SIGSEGV);
    if (asks(request, "abort"))
        abort();
    if (asks(request, "exit"))
        _exit(3);
    if (asks(request, "hang"))
        for (;;)
            pause();
    if (asks(request, "free twice")) {
        /* Not to be seen through by the compiler. */
        void *volatile block = malloc(64);
        free(block);
        free(block);
    }
    if (asks(request, "garbage"))
        return say_text(answer, PROCTOR_PLUGIN_OK, "{\"email\": ");
    if (asks(request, "other json"))
        return say_text(answer, PROCTOR_PLUGIN_OK, "[1, 2]");
    if (asks(request, "not utf-8"))
        return say(answer, PROCTOR_PLUGIN_OK, "\"\xff\xfe\"", 4);
    if (asks(request, "nothing"))
        return PROCTOR_PLUGIN_OK;
    if (asks(request, "100 MB"))
        return hundred_megabytes(answer);
    if (asks(request, "fail"))
        return say_text(answer, PROCTOR_PLUGIN_FAILED, "the directory is away");
    if (asks(request, "close")) {
        for (int fd = 0; fd < 64; fd++)
            close(fd);
        return say_text(answer, PROCTOR_PLUGIN_OK, "null");
    }
    if (asks(request, "environment"))
        return say_text(answer, PROCTOR_PLUGIN_FAILED, getenv("PROCTOR_SECRET_KEYS") ? "keys" : "no keys");
    if (asks(request, "right"))
        return say_text(answer, PROCTOR_PLUGIN_OK,
                        "{\"email\": \"c@example.org\", \"active\": true, \"groups\": [\"c\"]}");
    return say_text(answer, PROCTOR_PLUGIN_OK, "null");
}

static void release(proctor_answer answer) {
    free(answer.data);
}

static void destroy(void *instance) {
    (void)instance;
}

#ifndef NO_SYMBOL
const proctor_plugin_table_v1 *proctor_plugin_v1(void) {
    static proctor_plugin_table_v1 table;
#ifdef CRASH_IN_TABLE
    raise(SIGSEGV);
#endif
#ifdef HANG_IN_TABLE
    for (;;)
        pause();
#endif
#ifdef NULL_TABLE
    return NULL;
#endif
    table.size = SIZE;
    table.major = MAJOR;
    table.minor = PROCTOR_PLUGIN_MINOR;
    table.manifest.data = (const uint8_t *)MANIFEST;
    table.manifest.length = sizeof(MANIFEST) - 1;
    table.create = create;
#ifndef NO_CALL
    table.call = call;
#endif
    table.release = release;
    table.destroy = destroy;
    return &table;
}
#endif
