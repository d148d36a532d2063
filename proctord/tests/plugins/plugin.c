/* A plugin in C. What it is asked to do by `token` it does, good or bad; what it is compiled with decides how it
 * begins. */
#define _GNU_SOURCE
#include "proctor_plugin.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

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

/* Tells the names of all variables of the environment. */
static int32_t environment(proctor_answer *answer) {
    char names[8192] = "";
    for (char **variable = environ; *variable != NULL; variable++) {
        size_t length = strcspn(*variable, "=");
        strncat(names, *variable, length < sizeof(names) - strlen(names) - 2 ? length : 0);
        strcat(names, " ");
    }
    return say_text(answer, PROCTOR_PLUGIN_FAILED, names);
}

/* Tells where all open descriptors lead to. */
static int32_t descriptors(proctor_answer *answer) {
    char places[8192] = "", link[64], place[256];
    for (int fd = 0; fd < 256; fd++) {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, place, sizeof(place) - 2);
        if (length < 0 || strlen(places) + (size_t)length + 2 > sizeof(places))
            continue;
        strcpy(place + length, " ");
        strcat(places, place);
    }
    return say_text(answer, PROCTOR_PLUGIN_FAILED, places);
}

static int32_t create(proctor_bytes name, void **instance, proctor_answer *answer) {
    (void)name;
#ifdef CRASH_IN_CREATE
    abort();
#endif
#ifdef HANG_IN_CREATE
    for (;;)
        pause();
#endif
#ifdef TELL_ENVIRONMENT
    return environment(answer);
#endif
#ifdef FLOOD_IN_CREATE
    for (int line = 0; line < 20000; line++)
        fprintf(stderr, "line %d\n", line);
#endif
#ifdef PRINT_IN_CREATE
    printf("said on standard output\n");
    fflush(stdout);
    fprintf(stderr, "said on standard error\n");
#endif
#ifdef UNDEFINED
    void not_defined_anywhere(void);
    not_defined_anywhere();
#endif
    (void)environment;
    (void)answer;
    *instance = NULL;
    return PROCTOR_PLUGIN_OK;
}

/* So many bytes of the same, as a JSON text or as a failure. */
static int32_t many(proctor_answer *answer, int32_t code, uint8_t byte, size_t length) {
    answer->data = malloc(length);
    memset(answer->data, byte, length);
    if (code == PROCTOR_PLUGIN_OK)
        answer->data[0] = answer->data[length - 1] = '"';
    answer->length = length;
    answer->capacity = length;
    return code;
}

static void fault(void) {
    volatile int *volatile nowhere = NULL;
    *nowhere = 1;
}

static int deep(volatile int depth) {
    volatile char frame[4096];
    frame[0] = (char)depth;
    return depth < 0 ? 0 : deep(depth + 1) + frame[0];
}

/* Writes into every descriptor, that of the service's socket among them. */
static void scribble(void) {
    for (int fd = 3; fd < 64; fd++)
        if (write(fd, "scribbled over", 14) < 0)
            continue;
}

static int32_t memory(proctor_answer *answer) {
    const size_t block = 64u * 1024 * 1024;
    for (int blocks = 0; blocks < 64; blocks++) {
        void *volatile taken = malloc(block);
        if (taken == NULL)
            return say_text(answer, PROCTOR_PLUGIN_FAILED, "there is no more memory");
    }
    return say_text(answer, PROCTOR_PLUGIN_FAILED, "there is memory without end");
}

/* What the service must not mistake for answers. */
static void print(void) {
    int read = getchar();
    printf("read %d\n", read);
    fflush(stdout);
    fprintf(stderr, "\xff\xfe no text\n");
}

static int32_t call(void *instance, proctor_bytes method, proctor_bytes request, proctor_answer *answer) {
    (void)instance;
    if (!is(method, "authenticate"))
        return PROCTOR_PLUGIN_NO_METHOD;
    if (asks(request, "segfault"))
        fault();
    if (asks(request, "deep"))
        return deep(0);
    if (asks(request, "abort"))
        abort();
    if (asks(request, "exit"))
        _exit(3);
    if (asks(request, "nap"))
        usleep(400 * 1000);
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
        return many(answer, PROCTOR_PLUGIN_OK, 'x', 100u * 1024 * 1024);
    if (asks(request, "1 MB"))
        return many(answer, PROCTOR_PLUGIN_OK, 'x', 1024u * 1024);
    if (asks(request, "long failure"))
        return many(answer, PROCTOR_PLUGIN_FAILED, 1, 1024u * 1024);
    if (asks(request, "unknown code"))
        return say_text(answer, 77, "whatever this is");
    if (asks(request, "memory"))
        return memory(answer);
    if (asks(request, "descriptors"))
        return descriptors(answer);
    if (asks(request, "print"))
        print();
    if (asks(request, "scribble"))
        scribble();
    if (asks(request, "freeze"))
        raise(SIGSTOP);
    if (asks(request, "fail"))
        return say_text(answer, PROCTOR_PLUGIN_FAILED, "the directory is away");
    if (asks(request, "close")) {
        for (int fd = 0; fd < 64; fd++)
            close(fd);
        return say_text(answer, PROCTOR_PLUGIN_OK, "null");
    }
    if (asks(request, "right") || asks(request, "print"))
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

#ifdef NO_SYMBOL
#define proctor_plugin_v1 another_name
#endif

const proctor_plugin_table_v1 *proctor_plugin_v1(void) {
    static proctor_plugin_table_v1 table;
#ifdef CRASH_IN_TABLE
    fault();
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
#ifdef NO_CALL
    (void)call;
#else
    table.call = call;
#endif
    table.release = release;
    table.destroy = destroy;
    return &table;
}
