/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_SOCKET_DATA_H
#define FLOWTAP_SOCKET_DATA_H

/* What a system call did, in the words of this program. */
struct call {
	s32 fd;
	u8 direction;
	u8 gap; /* bytes that moved without passing user memory, or were thrown away */
	bool is_vector;
	bool may_miss; /* seen by a return probe: others may have passed unseen */
	u64 address; /* of the buffer, or of the iovecs */
	u64 vector_length;
	u64 bytes; /* transferred */
	u64 bytes_after; /* transferred by messages of the same system call that come after this one */
};

/*
 * TCP counts what each side of the socket has taken. A call that moved bytes while its descriptor's socket did not take
 * them ran on another socket: the descriptor was closed or replaced by another thread during the call.
 */
static __always_inline bool took_these_bytes(struct connection *connection, struct sock *sock, const struct call *call)
{
	u8 direction = call->direction & 1;
	u64 bytes = call->bytes;
	u32 base_flag = CONNECTION_HAS_BASE << direction;
	u32 sequence, accounted;

	if (connection->family == FLOWTAP_FAMILY_UNIX)
		return true;
	sequence = sequence_of(sock, direction);
	accounted = (u32)connection->bytes[FLOWTAP_RAW][direction] + (u32)bytes;
	if (!(connection->flags & base_flag)) {
		connection->sequence_base[direction] = sequence - accounted;
		connection->flags |= base_flag;
		return true;
	}
	if (call->may_miss) {
		connection->flags |= CONNECTION_MAY_MISS;
		account_unseen(connection, sock, direction, bytes + call->bytes_after);
		accounted = (u32)connection->bytes[FLOWTAP_RAW][direction] + (u32)bytes;
	}
	return (s32)(sequence - connection->sequence_base[direction] - accounted) >= 0;
}

/* The connection that a finished call moved bytes on. */
static __noinline struct connection *connection_of_call(const struct call *call, struct socket_ref *ref)
{
	struct descriptor descriptor = {
		.pid = bpf_get_current_pid_tgid() >> 32,
		.fd = call->fd,
	};
	struct connection *connection = NULL;
	u64 *displaced_sock;

	if (socket_of_fd(call->fd, ref)) {
		connection = connection_of(ref, call->fd);
		if (!connection)
			return NULL;
		if (took_these_bytes(connection, ref->sock, call))
			return connection;
	}
	displaced_sock = bpf_map_lookup_elem(&displaced, &descriptor);
	if (displaced_sock) {
		ref->sock = (struct sock *)*displaced_sock;
		return bpf_map_lookup_elem(&connections, displaced_sock);
	}
	if (connection)
		count(FLOWTAP_COUNT_IDENTITY_LOST, call->bytes);
	return NULL;
}

static __always_inline void peek(const struct transfer *t, u8 *head)
{
	u64 bytes = t->segment_left;

	if (bytes > t->left)
		bytes = t->left;
	if (bytes >= TLS_HEADER_BYTES + 1)
		bpf_probe_read_user(head, TLS_HEADER_BYTES + 1, (void *)t->segment);
	else if (bytes == TLS_HEADER_BYTES)
		bpf_probe_read_user(head, TLS_HEADER_BYTES, (void *)t->segment);
}

static __always_inline void remember_read(u64 sock, u64 connection_id, s32 fd)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct last_read read = { .sock = sock, .connection_id = connection_id, .fd = fd, .goroutine = go_goroutine_in_syscall() };
	struct last_read *known = bpf_map_lookup_elem(&last_reads, &thread);

	if (known)
		*known = read;
	else
		bpf_map_update_elem(&last_reads, &thread, &read, BPF_ANY);
}

/* Apart from what finds the connection, so that the two do not add up on the stack. */
static __noinline int send_socket_data(const struct call *call, const struct socket_ref *ref,
				       struct connection *connection)
{
	struct transfer t = {};
	struct tls_frame *frame;
	u32 handshake_left = 0;
	u8 head[8] = {};
	u8 direction = call->direction & 1;
	u64 offset;

	t.left = call->bytes;
	if (call->is_vector) {
		t.vector = call->address;
		t.vector_left = call->vector_length;
		load_segment(&t);
	} else {
		t.segment = call->address;
		t.segment_left = call->bytes;
	}

	frame = current_tls_frame();
	if (!(connection->flags & CONNECTION_TLS) && call->gap == FLOWTAP_GAP_NONE) {
		bool first = connection->bytes[FLOWTAP_RAW][direction] == 0;

		peek(&t, head);
		if (is_tls_hello(head, t.left) ||
		    ((frame || (first && connection->flags & CONNECTION_JOINED_LATE)) && is_tls_header(head, t.left)))
			connection->flags |= CONNECTION_TLS;
	}
	/*
	 * Not any socket: a callback of the library may use another one inside a TLS call, for a log, or because it runs
	 * the program's own code. What SSL_read reads from and SSL_write writes to is the session's.
	 */
	if (frame && frame->direction == direction &&
	    (connection->flags & CONNECTION_TLS || (!frame->sock && connection->flags & CONNECTION_JOINED_LATE))) {
		frame->sock = (u64)ref->sock;
		frame->fd = call->fd;
		frame->is_ciphertext = (connection->flags & CONNECTION_TLS) != 0;
	}
	offset = __sync_fetch_and_add(&connection->bytes[FLOWTAP_RAW][direction], call->bytes);

	if (connection->flags & CONNECTION_TLS) {
		/* Ciphertext stays in the kernel, but for the hellos. */
		u32 sent = connection->handshake_bytes[direction];

		if (!frame && direction == FLOWTAP_INGRESS)
			remember_read((u64)ref->sock, connection->id, call->fd);

		if (sent >= TLS_HANDSHAKE_BYTES)
			return 0;
		handshake_left = TLS_HANDSHAKE_BYTES - sent;
	}
	begin_transfer(&t, connection->id, direction, FLOWTAP_RAW, call->bytes, call->fd);
	describe_transfer(&t, connection);
	t.record.offset = offset;
	t.record.gap = call->gap;
	if (call->gap != FLOWTAP_GAP_NONE)
		t.capture_left = 0;
	if (handshake_left) {
		t.record.header.flags |= FLOWTAP_FLAG_ENCRYPTED;
		if (t.left > handshake_left)
			t.left = handshake_left;
		if (t.capture_left > t.left)
			t.capture_left = t.left;
		connection->handshake_bytes[direction] += t.left;
	}
	send_transfer(&t);
	return 0;
}

__noinline int on_socket_data(struct call *call)
{
	struct socket_ref ref = {};
	struct connection *connection;

	if (!call || call->bytes == 0)
		return 0;
	connection = connection_of_call(call, &ref);
	return connection ? send_socket_data(call, &ref, connection) : 0;
}

#endif
