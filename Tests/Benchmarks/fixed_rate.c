/* Calls a function at a fixed rate, whether it keeps up or not, and prints how long the answers took.
 *
 * usage: fixed_rate PORT QUEUE COUNT RATE BYTES      (localhost, user guest, virtual host /)
 *
 * A latency counts from the moment at which its request should have left: one that had to wait behind others, here or
 * there, has waited. Arrivals are as even as the clock lets them be.
 */
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int port;
static long count, byte_count;
static double rate, began;
static const char *queue;
static char reply_queue[256];

static void fail(const char *what) {
    fprintf(stderr, "fixed_rate: %s\n", what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static double due(long number) { return began + number / rate; }

static int compare(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static amqp_connection_state_t connect_to_broker(void) {
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    if (!socket || amqp_socket_open(socket, "localhost", port)) fail("cannot connect");
    if (amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest").reply_type
        != AMQP_RESPONSE_NORMAL) fail("cannot log in");
    if (!amqp_channel_open(connection, 1)) fail("cannot open a channel");
    return connection;
}

/* On a connection of its own: librabbitmq's waiting for a message knows milliseconds only. */
static void *send_requests(void *unused) {
    amqp_connection_state_t connection = connect_to_broker();
    amqp_bytes_t body = {byte_count, malloc(byte_count + 1)};
    memset(body.bytes, '1', byte_count);
    began = now() + 0.01;
    for (long number = 0; number < count; number++) {
        const double time = due(number);
        const struct timespec until = {(time_t)time, (long)((time - (time_t)time) * 1e9)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        char id[32];
        snprintf(id, sizeof id, "%ld", number);
        amqp_basic_properties_t properties = {0};
        properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_REPLY_TO_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG;
        properties.content_type = amqp_cstring_bytes("application/json");
        properties.reply_to = amqp_cstring_bytes(reply_queue);
        properties.correlation_id = amqp_cstring_bytes(id);
        if (amqp_basic_publish(connection, 1, amqp_empty_bytes, amqp_cstring_bytes(queue), 0, 0, &properties, body))
            fail("cannot publish");
    }
    return unused;
}

int main(int argc, char **argv) {
    if (argc != 6) fail("usage: fixed_rate PORT QUEUE COUNT RATE BYTES");
    port = atoi(argv[1]);
    queue = argv[2];
    count = atol(argv[3]);
    rate = atof(argv[4]);
    byte_count = atol(argv[5]);
    if (count < 1 || rate <= 0 || byte_count < 1) fail("nothing to do");
    amqp_connection_state_t connection = connect_to_broker();
    amqp_queue_declare_ok_t *replies = amqp_queue_declare(connection, 1, amqp_empty_bytes, 0, 0, 1, 1, amqp_empty_table);
    if (!replies) fail("cannot declare the reply queue");
    snprintf(reply_queue, sizeof reply_queue, "%.*s", (int)replies->queue.len, (char *)replies->queue.bytes);
    if (!amqp_basic_consume(connection, 1, amqp_cstring_bytes(reply_queue), amqp_empty_bytes, 0, 1, 1, amqp_empty_table))
        fail("cannot consume");
    pthread_t sender;
    if (pthread_create(&sender, NULL, send_requests, NULL)) fail("cannot start a thread");

    double *latencies = malloc(count * sizeof *latencies);
    char *is_answered = calloc(count, 1);
    for (long answered = 0; answered < count; answered++) {
        const struct timeval patience = {30, 0};
        amqp_envelope_t envelope;
        amqp_maybe_release_buffers(connection);
        if (amqp_consume_message(connection, &envelope, &patience, 0).reply_type != AMQP_RESPONSE_NORMAL)
            fail("no answer for 30 s");
        const double time = now();
        const amqp_bytes_t id = envelope.message.properties.correlation_id;
        char text[32] = {0};
        memcpy(text, id.bytes, id.len < 31 ? id.len : 31);
        const long number = atol(text);
        if (number < 0 || number >= count || is_answered[number]) fail("an answer that nobody waits for");
        if (envelope.message.body.len != (size_t)byte_count) fail("an answer of another length");
        is_answered[number] = 1;
        latencies[number] = time - due(number);
        amqp_destroy_envelope(&envelope);
    }
    pthread_join(sender, NULL);
    qsort(latencies, count, sizeof *latencies, compare);
    printf("rate %.0f p50 %.3f ms p99 %.3f ms p99.9 %.3f ms max %.3f ms\n", rate, latencies[count / 2] * 1e3,
        latencies[(long)(count * 0.99)] * 1e3, latencies[(long)(count * 0.999)] * 1e3, latencies[count - 1] * 1e3);
    return 0;
}
