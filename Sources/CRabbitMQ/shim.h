// librabbitmq's codec: amqp_{encode,decode}_{method,properties} and the structs of amqp_framing.h.
// Debian 13 keeps the old flat header, with a #warning; so look for the new place first.
#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#endif
