/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of TLS connections in one thread, in the ways in which programs connect libssl with a socket.
 * Every message begins with the local and the remote port of its sender. Usage: tls <log> <scene>
 */
#include "sockets.h"
#include <dlfcn.h>

/* The library without its headers: tests need the package that every system has. */
typedef struct ssl SSL;
typedef struct context CTX;
typedef struct bio BIO;

static const void *(*TLS_method)(void);
static CTX *(*SSL_CTX_new)(const void *method);
static int (*SSL_CTX_set_cipher_list)(CTX *context, const char *list);
static long (*SSL_CTX_ctrl)(CTX *context, int command, long number, void *pointer);
static SSL *(*SSL_new)(CTX *context);
static void (*SSL_free)(SSL *ssl);
static int (*SSL_set_fd)(SSL *ssl, int fd);
static void (*SSL_set_bio)(SSL *ssl, BIO *in, BIO *out);
static void (*SSL_set_accept_state)(SSL *ssl);
static void (*SSL_set_connect_state)(SSL *ssl);
static int (*SSL_do_handshake)(SSL *ssl);
static int (*SSL_is_init_finished)(const SSL *ssl);
static int (*SSL_read)(SSL *ssl, void *buffer, int bytes);
static int (*SSL_peek)(SSL *ssl, void *buffer, int bytes);
static int (*SSL_write)(SSL *ssl, const void *buffer, int bytes);
static void (*SSL_set_info_callback)(SSL *ssl, void (*callback)(const SSL *ssl, int where, int value));
static BIO *(*BIO_new_socket)(int fd, int close_flag);
static BIO *(*BIO_new)(const void *method);
static const void *(*BIO_s_mem)(void);
static int (*BIO_read)(BIO *bio, void *buffer, int bytes);
static int (*BIO_write)(BIO *bio, const void *buffer, int bytes);

#define CTRL_SET_MAX_PROTO_VERSION 124
#define TLS_1_2 0x0303

static CTX *context;

static void load(void)
{
	void *library = dlopen("libssl.so.3", RTLD_NOW | RTLD_GLOBAL);

#define LOAD(name) CHECK((*(void **)&name = dlsym(library ? library : RTLD_DEFAULT, #name)))
	CHECK(library);
	LOAD(TLS_method); LOAD(SSL_CTX_new); LOAD(SSL_CTX_set_cipher_list); LOAD(SSL_CTX_ctrl); LOAD(SSL_new);
	LOAD(SSL_free); LOAD(SSL_set_fd); LOAD(SSL_set_bio); LOAD(SSL_set_accept_state); LOAD(SSL_set_connect_state);
	LOAD(SSL_do_handshake); LOAD(SSL_is_init_finished); LOAD(SSL_read); LOAD(SSL_peek); LOAD(SSL_write);
	LOAD(SSL_set_info_callback); LOAD(BIO_new_socket); LOAD(BIO_new); LOAD(BIO_s_mem); LOAD(BIO_read); LOAD(BIO_write);
	context = SSL_CTX_new(TLS_method());
	/* Without a certificate: what is tested does not depend on one. */
	CHECK(SSL_CTX_set_cipher_list(context, "AECDH-AES256-SHA:@SECLEVEL=0") == 1);
	SSL_CTX_ctrl(context, CTRL_SET_MAX_PROTO_VERSION, TLS_1_2, NULL);
}

enum way { SET_FD, SOCKET_BIO, MEMORY };

struct end {
	SSL *ssl;
	int fd;
	int source; /* where its ciphertext is read: the socket, or a pipe that somebody fills from it */
	BIO *in, *out; /* MEMORY */
};

static struct end make_end(int fd, enum way way, bool is_server)
{
	struct end end = { .ssl = SSL_new(context), .fd = fd, .source = fd };

	CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	if (way == SET_FD) {
		CHECK(SSL_set_fd(end.ssl, fd) == 1);
	} else if (way == SOCKET_BIO) {
		BIO *bio = BIO_new_socket(fd, 0);

		SSL_set_bio(end.ssl, bio, bio);
	} else {
		end.in = BIO_new(BIO_s_mem());
		end.out = BIO_new(BIO_s_mem());
		SSL_set_bio(end.ssl, end.in, end.out);
	}
	(is_server ? SSL_set_accept_state : SSL_set_connect_state)(end.ssl);
	return end;
}

/* Hands the library what has arrived; false when there is nothing. */
static bool fill(struct end *end)
{
	struct pollfd waiting = { .fd = end->source, .events = POLLIN };
	char bytes[32768];
	ssize_t count;

	if (poll(&waiting, 1, 0) <= 0)
		return false;
	if (!end->in)
		return true;
	count = read(end->source, bytes, sizeof(bytes));
	CHECK(count > 0);
	CHECK(BIO_write(end->in, bytes, count) == count);
	return true;
}

static void flush(struct end *end)
{
	char bytes[32768];
	int count;

	while (end->out && (count = BIO_read(end->out, bytes, sizeof(bytes))) > 0)
		CHECK(write(end->fd, bytes, count) == count);
}

static void handshake(struct end *client, struct end *server)
{
	struct end *ends[2] = { client, server };

	while (!SSL_is_init_finished(client->ssl) || !SSL_is_init_finished(server->ssl)) {
		for (int i = 0; i < 2; i++) {
			fill(ends[i]);
			SSL_do_handshake(ends[i]->ssl);
			flush(ends[i]);
		}
	}
}

static unsigned local_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(address);

	CHECK(getsockname(fd, (struct sockaddr *)&address, &bytes) == 0);
	return port_of(&address);
}

static char message[40000];

static void put(struct end *end, int bytes)
{
	int head = snprintf(message, sizeof(message), "%u %u ", local_port(end->fd), peer_port(end->fd));

	memset(message + head, '.', bytes - head);
	CHECK(SSL_write(end->ssl, message, bytes) == bytes);
	flush(end);
}

static void get(struct end *end, int bytes)
{
	while (bytes > 0) {
		int count;

		while (!fill(end))
			poll(NULL, 0, 1);
		while (bytes > 0 && (count = SSL_read(end->ssl, message, sizeof(message))) > 0)
			bytes -= count;
	}
}

struct pair {
	struct end client, server;
};

static struct pair make_pair(enum way way)
{
	struct pair pair;
	int ends[2];

	connect_pair(AF_INET, ends);
	pair.client = make_end(ends[0], way, false);
	pair.server = make_end(ends[1], way, true);
	return pair;
}

static void free_end(struct end *end)
{
	fprintf(log_file, "freed %p\n", (void *)end->ssl);
	SSL_free(end->ssl);
	close(end->fd);
}

static void exchange(struct pair *pair)
{
	put(&pair->client, 100);
	get(&pair->server, 100);
	put(&pair->server, 5000);
	get(&pair->client, 5000);
}

static void one(enum way way)
{
	struct pair pair = make_pair(way);

	handshake(&pair.client, &pair.server);
	exchange(&pair);
	exchange(&pair);
	free_end(&pair.client);
	free_end(&pair.server);
}

#define PAIRS 8

/* All handshakes, then all requests, then all answers: what was read last says nothing about what is written next. */
static void interleaved(void)
{
	struct pair pairs[PAIRS];

	for (int i = 0; i < PAIRS; i++) {
		pairs[i] = make_pair(MEMORY);
		handshake(&pairs[i].client, &pairs[i].server);
	}
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < PAIRS; i++)
			put(&pairs[i].client, 100);
		for (int i = PAIRS - 1; i >= 0; i--)
			get(&pairs[i].server, 100);
		for (int i = 0; i < PAIRS; i++)
			put(&pairs[i].server, 5000);
		for (int i = PAIRS - 1; i >= 0; i--)
			get(&pairs[i].client, 5000);
	}
	for (int i = 0; i < PAIRS; i++) {
		free_end(&pairs[i].client);
		free_end(&pairs[i].server);
	}
}

/* The program names one socket and then lets the library use another. */
static void contradicted(void)
{
	struct pair pair = make_pair(SOCKET_BIO);
	int other[2];
	BIO *bio;

	connect_pair(AF_INET, other);
	CHECK(SSL_set_fd(pair.client.ssl, other[0]) == 1);
	bio = BIO_new_socket(pair.client.fd, 0);
	SSL_set_bio(pair.client.ssl, bio, bio);
	handshake(&pair.client, &pair.server);
	exchange(&pair);
}

static void peeked(void)
{
	struct pair pair = make_pair(SET_FD);
	char bytes[200];

	handshake(&pair.client, &pair.server);
	put(&pair.client, 100);
	while (SSL_peek(pair.server.ssl, bytes, sizeof(bytes)) != 100)
		poll(NULL, 0, 1);
	CHECK(SSL_peek(pair.server.ssl, bytes, sizeof(bytes)) == 100);
	CHECK(SSL_read(pair.server.ssl, bytes, sizeof(bytes)) == 100);
}

#define HANDSHAKE_DONE 0x20

static struct pair other;

static void write_to_other(const SSL *ssl, int where, int value)
{
	if (where & HANDSHAKE_DONE)
		put(&other.client, 100);
}

/* A callback of the library, inside SSL_read, uses another connection, as Node.js does with the program's JavaScript. */
static void called_back(void)
{
	struct pair pair;
	char bytes[100];

	other = make_pair(MEMORY);
	handshake(&other.client, &other.server);
	exchange(&other);
	pair = make_pair(MEMORY);
	SSL_set_info_callback(pair.server.ssl, write_to_other);
	while (!SSL_is_init_finished(pair.client.ssl) || !SSL_is_init_finished(pair.server.ssl)) {
		fill(&pair.client);
		SSL_do_handshake(pair.client.ssl);
		flush(&pair.client);
		if (fill(&pair.server))
			SSL_read(pair.server.ssl, bytes, sizeof(bytes));
		flush(&pair.server);
	}
	get(&other.server, 100);
	exchange(&pair);
}

static int relay_from, relay_to;

static void *relay(void *unused)
{
	char bytes[32768];
	ssize_t count;

	while ((count = read(relay_from, bytes, sizeof(bytes))) > 0)
		CHECK(write(relay_to, bytes, count) == count);
	return NULL;
}

/* Another thread reads the socket; this one has just read a TLS hello from another, which it does nothing with. */
static void impossible(void)
{
	static const char hello[] = "\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00";
	struct pair pair = make_pair(MEMORY);
	int decoy[2], between[2];
	char bytes[sizeof(hello)];
	pthread_t thread;

	CHECK(pipe2(between, O_CLOEXEC) == 0);
	relay_from = pair.client.fd;
	relay_to = between[1];
	pair.client.source = between[0];
	CHECK(fcntl(relay_from, F_SETFL, 0) == 0);
	CHECK(pthread_create(&thread, NULL, relay, NULL) == 0);
	handshake(&pair.client, &pair.server);
	put(&pair.server, 20000);
	connect_pair(AF_INET, decoy);
	fprintf(log_file, "decoy %u\n", local_port(decoy[0]));
	CHECK(write(decoy[1], hello, sizeof(hello) - 1) == sizeof(hello) - 1);
	CHECK(read(decoy[0], bytes, sizeof(hello) - 1) == sizeof(hello) - 1);
	get(&pair.client, 20000);
	put(&pair.server, 20000);
	get(&pair.client, 20000);
	shutdown(pair.client.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	const char *scene = argv[2];

	CHECK(argc == 3);
	open_log(argv[1]);
	load();
	if (!strcmp(scene, "set-fd"))
		one(SET_FD);
	else if (!strcmp(scene, "socket-bio"))
		one(SOCKET_BIO);
	else if (!strcmp(scene, "memory"))
		one(MEMORY);
	else if (!strcmp(scene, "interleaved"))
		interleaved();
	else if (!strcmp(scene, "contradicted"))
		contradicted();
	else if (!strcmp(scene, "called-back"))
		called_back();
	else if (!strcmp(scene, "peeked"))
		peeked();
	else if (!strcmp(scene, "impossible"))
		impossible();
	else if (!strcmp(scene, "reused"))
		for (int i = 0; i < 20; i++)
			one(i % 2 ? MEMORY : SOCKET_BIO);
	else
		CHECK(!"a scene");
	return 0;
}
