/* SPDX-License-Identifier: Apache-2.0 */
/* chatter [bytes]: sends itself data over a TCP connection: so many bytes, or until the process that started it ends. */
#include "sockets.h"
#include <signal.h>
#include <sys/prctl.h>

#define PIECE 16384

static char piece[PIECE], buffer[PIECE];

int main(int count, char **arguments)
{
	long total = count > 1 ? atol(arguments[1]) : 0;
	int ends[2];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < PIECE; i++)
		piece[i] = 'a' + i % 26;
	connect_pair(AF_INET, ends);
	for (long sent = 0; total == 0 || sent < total; sent += PIECE) {
		CHECK(write(ends[0], piece, PIECE) == PIECE);
		CHECK(recv(ends[1], buffer, PIECE, MSG_WAITALL) == PIECE);
		/* Without an end, it leaves the machine something for others. */
		if (total == 0)
			usleep(100);
	}
	return 0;
}
