/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls <log> <kind of socket>: moves bytes by every call that can, within one process, and logs what each call moved:
 * one line `<fd> <in|out> <text>`, or in place of the text `[<reason> <bytes>]` for bytes that do not pass its memory.
 */
#include "sockets.h"

#define LARGE 100000

static char text[LARGE + 1], buffer[LARGE + 1];
static int out, in, serial;

/* Text that is different each time. */
static int next_text(int bytes)
{
	for (int i = 0; i < bytes; i++)
		text[i] = 'a' + (i + serial) % 26;
	text[bytes] = 0;
	serial++;
	return bytes;
}

static void log_bytes(int fd, const char *direction, const char *bytes, int count)
{
	fprintf(log_file, "%d %s %.*s\n", fd, direction, count, bytes);
}

static void log_gap(int fd, const char *direction, const char *reason, int count)
{
	fprintf(log_file, "%d %s [%s %d]\n", fd, direction, reason, count);
}

static void receive(int bytes)
{
	CHECK(recv(in, buffer, bytes, MSG_WAITALL) == bytes);
	log_bytes(in, "in", buffer, bytes);
}

static void send_text(int bytes)
{
	next_text(bytes);
	CHECK(sendto(out, text, bytes, 0, NULL, 0) == bytes);
	log_bytes(out, "out", text, bytes);
}

/* Three parts, the middle one empty. */
static void split(struct iovec parts[3], char *base, int bytes)
{
	parts[0] = (struct iovec){ base, bytes / 3 };
	parts[1] = (struct iovec){ base, 0 };
	parts[2] = (struct iovec){ base + bytes / 3, bytes - bytes / 3 };
}

static void plain(int bytes)
{
	next_text(bytes);
	CHECK(write(out, text, bytes) == bytes);
	log_bytes(out, "out", text, bytes);
	for (int got = 0, count; got < bytes; got += count) {
		count = read(in, buffer, bytes - got);
		CHECK(count > 0);
		log_bytes(in, "in", buffer, count);
	}
	send_text(bytes);
	receive(bytes);
}

static void vectors(int bytes)
{
	struct iovec parts[3];

	next_text(bytes);
	split(parts, text, bytes);
	CHECK(writev(out, parts, 3) == bytes);
	log_bytes(out, "out", text, bytes);
	split(parts, buffer, LARGE); /* room for more than comes */
	for (int got = 0, count; got < bytes; got += count) {
		count = readv(in, parts, 3);
		CHECK(count > 0);
		log_bytes(in, "in", buffer, count);
	}
}

static void messages(int bytes)
{
	struct iovec parts[3];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 };

	next_text(bytes);
	split(parts, text, bytes);
	CHECK(sendmsg(out, &message, 0) == bytes);
	log_bytes(out, "out", text, bytes);
	split(parts, buffer, bytes);
	CHECK(recvmsg(in, &message, MSG_WAITALL) == bytes);
	log_bytes(in, "in", buffer, bytes);
}

static void many_messages(int bytes)
{
	struct iovec parts[3];
	struct mmsghdr many[3] = {};
	int each = bytes / 3;

	next_text(3 * each);
	for (int i = 0; i < 3; i++) {
		parts[i] = (struct iovec){ text + i * each, each };
		many[i].msg_hdr.msg_iov = &parts[i];
		many[i].msg_hdr.msg_iovlen = 1;
	}
	CHECK(sendmmsg(out, many, 3, 0) == 3);
	log_bytes(out, "out", text, 3 * each);
	for (int i = 0; i < 3; i++)
		parts[i].iov_base = buffer + i * each;
	CHECK(recvmmsg(in, many, 3, MSG_WAITALL, NULL) == 3);
	log_bytes(in, "in", buffer, 3 * each);
}

/* None of these calls gives bytes away that a later one does not give again. */
static void not_data(int bytes)
{
	struct iovec part = { buffer, bytes };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	struct mmsghdr many = { .msg_hdr = message };

	send_text(bytes);
	CHECK(recv(in, buffer, bytes, MSG_PEEK) > 0);
	CHECK(recvmsg(in, &message, MSG_PEEK) > 0);
	CHECK(recvmmsg(in, &many, 1, MSG_PEEK, NULL) == 1);
	receive(bytes);
	CHECK(recv(in, buffer, 1, MSG_DONTWAIT) == -1);
	CHECK(read(in, buffer, 0) == 0);
}

/* TCP throws away what MSG_TRUNC asks for, tcp(7). */
static void discarded(int bytes)
{
	send_text(2 * bytes);
	CHECK(recv(in, NULL, bytes, MSG_TRUNC | MSG_WAITALL) == bytes);
	log_gap(in, "in", "discarded", bytes);
	receive(bytes);
}

static void zero_copy(int bytes)
{
	int pipes[2], file = memfd_create("content", MFD_CLOEXEC);

	next_text(bytes);
	CHECK(file >= 0 && write(file, text, bytes) == bytes && lseek(file, 0, SEEK_SET) == 0);
	CHECK(sendfile(out, file, NULL, bytes) == bytes);
	log_gap(out, "out", "zero-copy", bytes);
	receive(bytes);

	CHECK(pipe2(pipes, O_CLOEXEC) == 0 && write(pipes[1], text, bytes) == bytes);
	CHECK(splice(pipes[0], NULL, out, NULL, bytes, 0) == bytes);
	log_gap(out, "out", "zero-copy", bytes);
	CHECK(splice(in, NULL, pipes[1], NULL, bytes, 0) == bytes);
	log_gap(in, "in", "zero-copy", bytes);
	CHECK(read(pipes[0], buffer, bytes) == bytes);
}

static void unix_pair(const char *path, int ends[2])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t bytes = offsetof(struct sockaddr_un, sun_path) + strlen(path);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = 0;
	CHECK(bind(listener, (struct sockaddr *)&address, bytes) == 0 && listen(listener, 1) == 0);
	ends[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(connect(ends[0], (struct sockaddr *)&address, bytes) == 0);
	ends[1] = accept(listener, NULL, NULL);
	CHECK(ends[1] >= 0);
	if (path[0] == '/')
		unlink(path);
}

static void mapped_pair(int ends[2])
{
	struct sockaddr_storage address;
	struct sockaddr_in6 mapped = { .sin6_family = AF_INET6 };
	socklen_t bytes;
	int listener = listen_on(AF_INET, 8, &address, &bytes);

	inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr);
	mapped.sin6_port = htons(port_of(&address));
	ends[0] = socket(AF_INET6, SOCK_STREAM, 0);
	CHECK(connect(ends[0], (struct sockaddr *)&mapped, sizeof(mapped)) == 0);
	ends[1] = accept(listener, NULL, NULL);
	CHECK(ends[1] >= 0);
}

int main(int count, char **arguments)
{
	const int sizes[] = { 3, 128, 129, 5000, 65536, LARGE };
	const char *kind = count > 2 ? arguments[2] : "";
	int ends[2];

	CHECK(count > 2);
	open_log(arguments[1]);
	if (!strcmp(kind, "ipv4"))
		connect_pair(AF_INET, ends);
	else if (!strcmp(kind, "ipv6"))
		connect_pair(AF_INET6, ends);
	else if (!strcmp(kind, "v4-mapped"))
		mapped_pair(ends);
	else if (!strcmp(kind, "socketpair"))
		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	else
		unix_pair(kind, ends);
	for (int turn = 0; turn < 2; turn++) {
		out = ends[turn];
		in = ends[1 - turn];
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			plain(sizes[i]);
			vectors(sizes[i]);
			messages(sizes[i]);
			many_messages(sizes[i]);
		}
		not_data(500);
		zero_copy(4000);
		if (!strncmp(kind, "ipv", 3) || kind[0] == 'v')
			discarded(3000);
	}
	shutdown(ends[0], SHUT_RDWR);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
