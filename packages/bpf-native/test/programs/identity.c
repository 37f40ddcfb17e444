/* SPDX-License-Identifier: Apache-2.0 */
/* identity <log> <scene>: what can confuse which connection bytes belong to. Logs `<name> <number>` lines. */
#include "sockets.h"
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

static void log_number(const char *name, long number)
{
	fprintf(log_file, "%s %ld\n", name, number);
}

static void put(int fd, const char *text)
{
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void take(int fd, const char *text)
{
	char buffer[256];

	CHECK(recv(fd, buffer, strlen(text), MSG_WAITALL) == (ssize_t)strlen(text));
	CHECK(!memcmp(buffer, text, strlen(text)));
}

static void wait_for_child(pid_t child)
{
	int status;

	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* Accepted in the parent, served in the child. */
static void forked(void)
{
	int ends[2];
	pid_t child;

	connect_pair(AF_INET, ends);
	log_number("port", peer_port(ends[1]));
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		close(ends[0]);
		take(ends[1], "question");
		put(ends[1], "answer");
		_exit(0);
	}
	log_number("child", child);
	close(ends[1]);
	put(ends[0], "question");
	take(ends[0], "answer");
	wait_for_child(child);
	close(ends[0]);
}

static volatile pid_t receiver;

static void *receive_late(void *argument)
{
	receiver = gettid();
	take(*(int *)argument, "late bytes");
	return NULL;
}

/* Waits until the other thread sleeps in recvfrom(2), see proc_pid_syscall(5). */
static void wait_until_blocked(void)
{
	char path[64], content[64];

	while (!receiver)
		usleep(100);
	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", receiver);
	do {
		int fd = open(path, O_RDONLY);

		memset(content, 0, sizeof(content));
		CHECK(fd >= 0 && read(fd, content, sizeof(content) - 1) > 0);
		close(fd);
	} while (atoi(content) != SYS_recvfrom);
}

/* A descriptor gets another meaning while a thread is inside a call on it. */
static void replaced(void)
{
	int old_ends[2], new_ends[2];
	pthread_t thread;

	connect_pair(AF_INET, old_ends);
	connect_pair(AF_INET, new_ends);
	log_number("old", peer_port(old_ends[1]));
	log_number("new", peer_port(new_ends[1]));
	put(old_ends[0], "before");
	take(old_ends[1], "before");
	put(new_ends[0], "first");
	take(new_ends[1], "first");
	CHECK(pthread_create(&thread, NULL, receive_late, &old_ends[1]) == 0);
	wait_until_blocked();
	CHECK(dup2(new_ends[1], old_ends[1]) == old_ends[1]);
	put(old_ends[0], "late bytes");
	CHECK(pthread_join(thread, NULL) == 0);
	put(new_ends[0], "through the other number");
	take(old_ends[1], "through the other number");
}

static void range_closed(void)
{
	int ends[4][2];

	for (int i = 0; i < 4; i++) {
		connect_pair(AF_INET, ends[i]);
		put(ends[i][0], "to be closed");
		take(ends[i][1], "to be closed");
	}
	CHECK(syscall(SYS_close_range, ends[0][0], ends[3][1], 0) == 0);
	/* Only what is closed now counts: the end of the program must not close it. */
	log_number("closed", 8);
	pause();
}

static void read_after_shutdown(void)
{
	int ends[2];
	struct pollfd ended;

	connect_pair(AF_INET, ends);
	put(ends[0], "request");
	CHECK(shutdown(ends[0], SHUT_WR) == 0);
	take(ends[1], "request");
	put(ends[1], "late response");
	close(ends[1]);
	ended = (struct pollfd){ .fd = ends[0], .events = POLLRDHUP };
	CHECK(poll(&ended, 1, 10000) == 1);
	take(ends[0], "late ");
	take(ends[0], "response");
	CHECK(read(ends[0], &(char){ 0 }, 1) == 0);
	close(ends[0]);
}

static void send_descriptor(int channel, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	CHECK(sendmsg(channel, &message, 0) == 1);
}

static int take_descriptor(int channel)
{
	char byte, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	int fd;

	CHECK(recvmsg(channel, &message, 0) == 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

static void passed(void)
{
	int channel[2], ends[2];
	pid_t child;

	/* Datagrams, so that the channel itself is no connection. */
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, channel) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		int fd = take_descriptor(channel[1]);

		take(fd, "question");
		put(fd, "answer");
		_exit(0);
	}
	log_number("child", child);
	connect_pair(AF_INET, ends);
	log_number("port", peer_port(ends[1]));
	send_descriptor(channel[0], ends[1]);
	close(ends[1]);
	put(ends[0], "question");
	take(ends[0], "answer");
	wait_for_child(child);
}

static int connect_at_once(const struct sockaddr_storage *address, socklen_t bytes)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	CHECK(connect(fd, (const struct sockaddr *)address, bytes) == -1);
	CHECK(errno == EINPROGRESS || errno == ECONNREFUSED);
	return fd;
}

static int outcome(int fd)
{
	int error = 0;
	socklen_t bytes = sizeof(error);
	struct pollfd writable = { .fd = fd, .events = POLLOUT };

	CHECK(poll(&writable, 1, 30000) == 1);
	CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0);
	return error;
}

/* A full backlog lets connect() wait until there is room, or until the listener is gone. */
static void without_blocking(void)
{
	struct sockaddr_storage open_address, closed_address, refused_address;
	socklen_t bytes;
	int open_listener = listen_on(AF_INET, 0, &open_address, &bytes);
	int closed_listener = listen_on(AF_INET, 0, &closed_address, &bytes);
	int at_once, waiting, failing, refused, accepted;

	close(listen_on(AF_INET, 0, &refused_address, &bytes));
	at_once = connect_at_once(&open_address, bytes);
	CHECK(outcome(at_once) == 0);
	CHECK(outcome(connect_at_once(&closed_address, bytes)) == 0);
	waiting = connect_at_once(&open_address, bytes);
	failing = connect_at_once(&closed_address, bytes);
	refused = connect_at_once(&refused_address, bytes);
	accepted = accept(open_listener, NULL, NULL);
	CHECK(accepted >= 0);
	close(closed_listener);
	CHECK(outcome(waiting) == 0);
	CHECK(outcome(failing) == ECONNREFUSED);
	outcome(refused); /* connect() may have told already */
	put(waiting, "established later");
	log_number("open", port_of(&open_address));
	log_number("closed", port_of(&closed_address));
	log_number("refused", port_of(&refused_address));
	log_number("waiting", waiting);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0);
	put(fd, text);
	close(fd);
}

/*
 * A loopback device of its own, whose packets the other processor takes (Documentation/networking/scaling.rst, RPS): the
 * answer to connect() comes while connect() returns.
 */
static void use_two_processors(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int control;
	cpu_set_t first;

	CHECK(unshare(CLONE_NEWNET | CLONE_NEWNS) == 0);
	CHECK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("sysfs", "/sys", "sysfs", 0, NULL) == 0);
	control = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(ioctl(control, SIOCSIFFLAGS, &loopback) == 0);
	close(control);
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		write_file("/sys/class/net/lo/queues/rx-0/rps_cpus", "2");
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	CHECK(sched_setaffinity(0, sizeof(first), &first) == 0);
}

static void answered_at_once(void)
{
	struct sockaddr_storage address;
	socklen_t bytes;
	int listener;

	use_two_processors();
	listener = listen_on(AF_INET, 8, &address, &bytes);
	for (int i = 0; i < 4000; i++) {
		int fd = connect_at_once(&address, bytes), accepted;

		CHECK(outcome(fd) == 0);
		accepted = accept(listener, NULL, NULL);
		CHECK(accepted >= 0);
		if (i & 1)
			put(fd, "x");
		close(fd);
		close(accepted);
	}
}

static void asked_for_name(void)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(address);
	int ends[2];

	connect_pair(AF_INET6, ends);
	CHECK(getsockname(ends[0], (struct sockaddr *)&address, &bytes) == 0);
	log_number("port", port_of(&address));
	log_number("fd", ends[0]);
}

/* Descriptor numbers and ports are used again and again. */
static void reused(void)
{
	char text[64];

	for (int i = 0; i < 100; i++) {
		int ends[2];

		connect_pair(AF_INET, ends);
		snprintf(text, sizeof(text), "connection %d of one hundred", i);
		put(ends[0], text);
		take(ends[1], text);
		close(ends[i & 1]);
		close(ends[1 - (i & 1)]);
	}
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} scenes[] = {
		{ "forked", forked },
		{ "replaced", replaced },
		{ "range-closed", range_closed },
		{ "read-after-shutdown", read_after_shutdown },
		{ "passed", passed },
		{ "without-blocking", without_blocking },
		{ "answered-at-once", answered_at_once },
		{ "asked-for-name", asked_for_name },
		{ "reused", reused },
	};

	CHECK(count > 2);
	open_log(arguments[1]);
	for (unsigned i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		if (strcmp(scenes[i].name, arguments[2]))
			continue;
		scenes[i].run();
		return 0;
	}
	return 2;
}
