/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forker: a process below it forks without a pause, until the standard input ends; each child writes to a pair of
 * sockets. Prints the two process ids.
 */
#include "sockets.h"

static void talk(void)
{
	char text[64], buffer[64];
	int ends[2], bytes = snprintf(text, sizeof(text), "child %d\n", getpid());

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	CHECK(write(ends[0], text, bytes) == bytes && read(ends[1], buffer, bytes) == bytes);
	_exit(0);
}

int main(void)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };
	pid_t below = fork();

	CHECK(below >= 0);
	if (below) {
		printf("%d %d\n", getpid(), below);
		fflush(stdout);
		CHECK(waitpid(below, NULL, 0) == below);
		return 0;
	}
	while (poll(&input, 1, 0) == 0) {
		pid_t child = fork();

		CHECK(child >= 0);
		if (child == 0)
			talk();
		CHECK(waitpid(child, NULL, 0) == child);
	}
	return 0;
}
