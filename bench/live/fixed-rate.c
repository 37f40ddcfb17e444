/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixed-rate PORT PATH RATE SECONDS CONNECTIONS: HTTP requests at a fixed rate to 127.0.0.1, whether the server keeps up
 * or not. A latency counts from the moment at which its request was due, so that a slow server cannot hide behind
 * requests that were sent late. Prints JSON; microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define RESPONSE_BYTES_MAX 65536
#define WARM_UP_REQUESTS 500
#define DRAIN_NS 2000000000LL

struct connection {
	int fd;
	int64_t due_ns;
	size_t received;
	size_t expected; /* 0: the head is not complete */
	char buffer[RESPONSE_BYTES_MAX];
};

static void fail(const char *what)
{
	fprintf(stderr, "fixed-rate: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int connect_to(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		fail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* Bytes of the whole response, 0 while its head is not there. */
static size_t response_bytes(struct connection *connection)
{
	char *end, *length;

	connection->buffer[connection->received] = 0;
	end = strstr(connection->buffer, "\r\n\r\n");
	if (!end)
		return 0;
	length = strcasestr(connection->buffer, "\r\nContent-Length:");
	errno = 0;
	if (strncmp(connection->buffer, "HTTP/1.1 200", 12) || !length || length > end)
		fail("response");
	return end + 4 - connection->buffer + strtoul(length + 17, NULL, 10);
}

/* Returns 1 when the response is complete. */
static int receive(struct connection *connection)
{
	ssize_t bytes = recv(connection->fd, connection->buffer + connection->received,
			     RESPONSE_BYTES_MAX - 1 - connection->received, MSG_DONTWAIT);

	if (bytes < 0 && errno == EAGAIN)
		return 0;
	if (bytes <= 0)
		fail("receive");
	connection->received += bytes;
	if (!connection->expected)
		connection->expected = response_bytes(connection);
	return connection->expected && connection->received >= connection->expected;
}

static int by_size(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
	if (argc != 6)
		fail("usage: fixed-rate PORT PATH RATE SECONDS CONNECTIONS");
	int port = atoi(argv[1]), rate = atoi(argv[3]), connections = atoi(argv[5]);
	int64_t total = (int64_t)rate * atoi(argv[4]) + WARM_UP_REQUESTS, interval_ns = 1000000000LL / rate;
	int64_t sent = 0, answered = 0, *latencies = calloc(total, sizeof(*latencies));
	struct connection *all = calloc(connections, sizeof(*all));
	int *idle = calloc(connections, sizeof(*idle)), idle_count = 0, epoll = epoll_create1(EPOLL_CLOEXEC);
	char request[512];
	int request_bytes = snprintf(request, sizeof(request),
				     "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: fixed-rate\r\nAccept: */*\r\n\r\n",
				     argv[2], port);

	/* Else the kernel may end each wait 50 microseconds late, to save wake-ups. */
	prctl(PR_SET_TIMERSLACK, 1);
	for (int i = 0; i < connections; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

		all[i].fd = connect_to(port);
		idle[idle_count++] = i;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event))
			fail("epoll_ctl");
	}

	int64_t start = now_ns() + 1000000, deadline = start + total * interval_ns + DRAIN_NS;
	while (answered < total) {
		int64_t now = now_ns(), wait = DRAIN_NS;
		struct epoll_event events[64];
		struct timespec timeout;
		int count;

		if (now > deadline)
			break;
		while (sent < total && idle_count > 0 && start + sent * interval_ns <= now) {
			struct connection *connection = &all[idle[--idle_count]];

			connection->due_ns = start + sent * interval_ns;
			connection->received = connection->expected = 0;
			if (send(connection->fd, request, request_bytes, MSG_NOSIGNAL) != request_bytes)
				fail("send");
			sent += 1;
			now = now_ns();
		}
		if (sent < total && idle_count > 0)
			wait = start + sent * interval_ns - now;
		if (wait < 0)
			wait = 0;
		timeout.tv_sec = wait / 1000000000LL;
		timeout.tv_nsec = wait % 1000000000LL;
		count = epoll_pwait2(epoll, events, 64, &timeout, NULL);
		if (count < 0 && errno != EINTR)
			fail("epoll_pwait2");
		for (int i = 0; i < count; i++) {
			struct connection *connection = &all[events[i].data.u32];

			if (!receive(connection))
				continue;
			latencies[answered++] = now_ns() - connection->due_ns;
			idle[idle_count++] = events[i].data.u32;
		}
	}
	if (answered <= WARM_UP_REQUESTS)
		fail("no answers");
	/* Connections, caches and the first drains are no part of the figures. */
	int64_t measured = answered - WARM_UP_REQUESTS, *sorted = latencies + WARM_UP_REQUESTS;
	qsort(sorted, measured, sizeof(*sorted), by_size);
	printf("{\"requests\":%ld,\"unanswered\":%ld,\"p50Us\":%.1f,\"p99Us\":%.1f,\"maxUs\":%.1f}\n", (long)answered,
	       (long)(total - answered), sorted[measured / 2] / 1e3, sorted[measured * 99 / 100] / 1e3,
	       sorted[measured - 1] / 1e3);
	return 0;
}
