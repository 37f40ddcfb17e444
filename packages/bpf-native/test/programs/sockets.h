/* SPDX-License-Identifier: Apache-2.0 */
/* What the test programs share. Anything unexpected ends the program with a status that is not 0. */
#ifndef SOCKETS_H
#define SOCKETS_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static FILE *log_file;

#define CHECK(condition)                                                                  \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "%s:%d: %s (%m)\n", __FILE__, __LINE__, #condition); \
			exit(3);                                                          \
		}                                                                         \
	} while (0)

__attribute__((unused)) static void open_log(const char *path)
{
	log_file = fopen(path, "we");
	CHECK(log_file);
	/* A child that is forked must not write what its parent has buffered. */
	setvbuf(log_file, NULL, _IOLBF, 1 << 18);
}

/* A listener on a free port of the loopback address; `address` gets it. */
__attribute__((unused)) static int listen_on(int family, int backlog, struct sockaddr_storage *address, socklen_t *bytes)
{
	int one = 1, listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), size = 1 << 20;
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

	CHECK(listener >= 0);
	memset(address, 0, sizeof(*address));
	address->ss_family = family;
	if (family == AF_INET) {
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		*bytes = sizeof(*v4);
	} else {
		v6->sin6_addr = in6addr_loopback;
		*bytes = sizeof(*v6);
	}
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	CHECK(bind(listener, (struct sockaddr *)address, *bytes) == 0);
	CHECK(listen(listener, backlog) == 0);
	/* The system call itself, so that the test knows of every getsockname that is captured. */
	CHECK(getsockname(listener, (struct sockaddr *)address, bytes) == 0);
	return listener;
}

/* A connected pair: ends[0] is the client, ends[1] was accepted. */
__attribute__((unused)) static void connect_pair(int family, int ends[2])
{
	struct sockaddr_storage address;
	socklen_t bytes;
	int size = 1 << 20, listener = listen_on(family, 8, &address, &bytes);

	ends[0] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	CHECK(connect(ends[0], (struct sockaddr *)&address, bytes) == 0);
	ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	CHECK(ends[1] >= 0);
	close(listener);
}

__attribute__((unused)) static unsigned port_of(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET ? ((struct sockaddr_in *)address)->sin_port :
						     ((struct sockaddr_in6 *)address)->sin6_port);
}

/* Port of the peer: tells the test which connection is meant, without a getsockname. */
__attribute__((unused)) static unsigned peer_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(address);

	CHECK(getpeername(fd, (struct sockaddr *)&address, &bytes) == 0);
	return port_of(&address);
}

#endif
