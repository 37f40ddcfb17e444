/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_TCP_H
#define FLOWTAP_TCP_H

/* May run in a softirq, when the current task is anybody. */
static __always_inline int on_tcp_state(struct sock *sock, int new_state)
{
	u64 key = (u64)sock;
	struct connection *connection = bpf_map_lookup_elem(&connections, &key);

	if (!connection)
		return 0;
	if (connection->flags & CONNECTION_PENDING) {
		if (new_state == TCP_CLOSE) {
			bpf_map_delete_elem(&connections, &key);
			return 0;
		}
		if (new_state == TCP_SYN_RECV) /* both ends connect to each other */
			return 0;
		connection_established(connection, sock, new_state == TCP_ESTABLISHED);
		if (new_state == TCP_ESTABLISHED)
			return 0;
	}
	/*
	 * Neither direction can carry more: close() of the last descriptor, or both ends finished. The kernel may keep the
	 * socket for minutes, so this is the moment to tell, unless the program can still read what has arrived; the very
	 * end (tcp_destroy_sock) tells in that case.
	 */
	if (sock->sk_shutdown == SHUTDOWN_BOTH && unread_of(sock) <= 1) {
		/* To these the state changes just before FIN is sent: tcp_shutdown, net/ipv4/tcp.c. */
		bool has_sent_fin = new_state != TCP_FIN_WAIT1 && new_state != TCP_LAST_ACK;

		account_unseen_at_end(connection, sock, has_sent_fin);
		announce_close(connection);
	}
	return 0;
}

#endif
