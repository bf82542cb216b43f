/* What confirmed-publish is measured against: the same with librabbitmq alone, which sends each message by itself.
 *
 * usage: confirmed_publish HOST PORT QUEUE COUNT BYTES WINDOW transient|persistent      (user guest, virtual host /)
 */
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void fail(const char *what) {
    fprintf(stderr, "confirmed_publish: %s\n", what);
    exit(1);
}

static void check(amqp_connection_state_t connection, const char *what) {
    if (amqp_get_rpc_reply(connection).reply_type != AMQP_RESPONSE_NORMAL) fail(what);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

/* Waits for one basic.ack; returns how many messages it confirms that were not before. */
static uint64_t wait_for_ack(amqp_connection_state_t connection, char *is_confirmed, uint64_t *oldest) {
    amqp_frame_t frame;
    amqp_maybe_release_buffers(connection);
    if (amqp_simple_wait_frame(connection, &frame) != AMQP_STATUS_OK) fail("no confirm");
    if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD) fail("not a confirm");
    const amqp_basic_ack_t *ack = frame.payload.method.decoded;
    uint64_t count = 0;
    for (uint64_t tag = ack->multiple ? *oldest : ack->delivery_tag; tag <= ack->delivery_tag; tag++) {
        count += !is_confirmed[tag];
        is_confirmed[tag] = 1;
    }
    while (is_confirmed[*oldest]) ++*oldest;
    return count;
}

int main(int argc, char **argv) {
    if (argc != 8) fail("usage: confirmed_publish HOST PORT QUEUE COUNT BYTES WINDOW transient|persistent");
    const uint64_t count = strtoull(argv[4], NULL, 10), window = strtoull(argv[6], NULL, 10);
    const size_t byte_count = strtoull(argv[5], NULL, 10);
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    if (!socket || amqp_socket_open(socket, argv[1], atoi(argv[2]))) fail("cannot connect");
    if (amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest").reply_type
        != AMQP_RESPONSE_NORMAL) fail("cannot log in");
    amqp_channel_open(connection, 1);
    check(connection, "cannot open a channel");
    amqp_confirm_select(connection, 1);
    check(connection, "cannot select confirms");
    amqp_bytes_t queue = amqp_cstring_bytes(argv[3]);
    amqp_queue_declare(connection, 1, queue, 0, 1, 0, 0, amqp_empty_table);
    check(connection, "cannot declare the queue");

    amqp_bytes_t body = {byte_count, malloc(byte_count + 1)};
    memset(body.bytes, 'x', byte_count);
    amqp_basic_properties_t properties = {0};
    if (!strcmp(argv[7], "persistent")) {
        properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
        properties.delivery_mode = 2;
    }
    uint64_t published = 0, confirmed = 0, oldest = 1;
    char *is_confirmed = calloc(count + 2, 1);
    const double began = now();
    while (confirmed < count) {
        if (published < count && published - confirmed < window) {
            if (amqp_basic_publish(connection, 1, amqp_empty_bytes, queue, 0, 0, &properties, body)) fail("cannot publish");
            published++;
        } else {
            confirmed += wait_for_ack(connection, is_confirmed, &oldest);
        }
    }
    amqp_queue_declare_ok_t *held = amqp_queue_declare(connection, 1, queue, 1, 1, 0, 0, amqp_empty_table);
    const double seconds = now() - began;
    if (!held || held->message_count != count) fail("the queue does not hold every message");
    amqp_queue_delete(connection, 1, queue, 0, 0);
    printf("%.0f\n", count / seconds);
    amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(connection);
    return 0;
}
