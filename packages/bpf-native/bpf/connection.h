/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_CONNECTION_H
#define FLOWTAP_CONNECTION_H

static __always_inline u64 next_connection_id(void)
{
	return __sync_fetch_and_add(&state.connection_ids, 1) + 1;
}

/* For programs there is one as part of an atomic operation whose result is used, and none else. */
static __always_inline void full_barrier(void)
{
	u64 ids = __sync_fetch_and_add(&state.connection_ids, 0);

	barrier_var(ids);
}

static __always_inline void fill_connection_header(struct flowtap_header *header, const struct connection *connection)
{
	header->role = connection->role;
	header->family = connection->family;
	header->flags = connection->flags & CONNECTION_JOINED_LATE ? FLOWTAP_FLAG_JOINED_LATE : 0;
	if (connection->flags & CONNECTION_PLAINTEXT_LATE)
		header->flags |= FLOWTAP_FLAG_PLAINTEXT_LATE;
}

/* The header for an event that happens to a connection, whoever the current task is. */
static __always_inline void fill_owner(struct flowtap_header *header, const struct connection *connection)
{
	header->pid = connection->pid;
	header->tid = connection->tid;
	header->fd = connection->fd;
	__builtin_memcpy(header->comm, connection->comm, sizeof(header->comm));
}

/* type: FLOWTAP_CONNECT or FLOWTAP_GETSOCKNAME. id: the connection's own, or the one that its plaintext goes under. */
__noinline int announce(struct connection *connection, u64 id, u64 sock_address, u16 type, s32 fd)
{
	struct sock *sock = (struct sock *)sock_address;
	struct flowtap_connect_record *record;

	if (!connection)
		return 0;
	record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		count(FLOWTAP_COUNT_CONTROL_LOST, 0);
		return 0;
	}
	fill_header(&record->header, type, sizeof(*record), id, fd);
	if (type == FLOWTAP_CONNECT)
		fill_owner(&record->header, connection);
	fill_connection_header(&record->header, connection);
	record->addresses = connection->addresses;
	record->local_path_bytes = 0;
	record->remote_path_bytes = 0;
	record->_pad = 0;
	if (connection->family == FLOWTAP_FAMILY_UNIX) {
		struct unix_sock *unix_socket = (struct unix_sock *)sock;
		struct sock *peer = BPF_CORE_READ(unix_socket, peer);

		record->local_path_bytes = read_unix_path(sock, record->local_path);
		if (peer)
			record->remote_path_bytes = read_unix_path(peer, record->remote_path);
	}
	submit_control(record);
	return 0;
}

__noinline int announce_close(struct connection *connection)
{
	struct flowtap_close_record *record;

	if (!connection || connection->flags & (CONNECTION_CLOSED | CONNECTION_PENDING))
		return 0;
	connection->flags |= CONNECTION_CLOSED;
	record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		count(FLOWTAP_COUNT_CONTROL_LOST, 0);
		return 0;
	}
	fill_header(&record->header, FLOWTAP_CLOSE, sizeof(*record), connection->id, connection->fd);
	fill_owner(&record->header, connection);
	fill_connection_header(&record->header, connection);
	record->addresses = connection->addresses;
	__builtin_memcpy(record->bytes, connection->bytes, sizeof(record->bytes));
	record->plaintext_id = connection->plaintext_id;
	submit_control(record);
	return 0;
}

/* Bytes that moved in calls that were not seen: TCP has counted them, so they are a gap of known size. */
static __always_inline void account_unseen(struct connection *connection, struct sock *sock, u8 direction, u32 allowed)
{
	u32 accounted = (u32)connection->bytes[FLOWTAP_RAW][direction] + allowed;
	s32 unseen;

	if (!(connection->flags & CONNECTION_MAY_MISS) || !(connection->flags & CONNECTION_HAS_BASE << direction))
		return;
	unseen = sequence_of(sock, direction) - connection->sequence_base[direction] - accounted;
	if (unseen > 0)
		__sync_fetch_and_add(&connection->bytes[FLOWTAP_RAW][direction], unseen);
}

/* The end of the stream was read. The kernel notes that it has come: tcp_fin, net/ipv4/tcp_input.c. */
static __always_inline bool has_read_fin(struct sock *sock)
{
	return (BPF_CORE_READ(sock, __sk_common.skc_flags) >> SOCK_DONE & 1) && unread_of(sock) == 0;
}

/* FIN counts one in the sequence numbers, as soon as it is sent or read (RFC 9293 section 3.4). */
static __always_inline void account_unseen_at_end(struct connection *connection, struct sock *sock, bool has_sent_fin)
{
	if (connection->flags & CONNECTION_CLOSED || connection->family == FLOWTAP_FAMILY_UNIX)
		return;
	account_unseen(connection, sock, FLOWTAP_INGRESS, has_read_fin(sock));
	account_unseen(connection, sock, FLOWTAP_EGRESS, has_sent_fin);
}

static __always_inline void connection_end(u64 sock_address)
{
	struct connection *connection = bpf_map_lookup_elem(&connections, &sock_address);

	if (!connection)
		return;
	account_unseen_at_end(connection, (struct sock *)sock_address, true);
	announce_close(connection);
	bpf_map_delete_elem(&connections, &sock_address);
}

static __always_inline void set_sequence_bases(struct connection *connection, struct sock *sock)
{
	connection->sequence_base[FLOWTAP_INGRESS] = sequence_of(sock, FLOWTAP_INGRESS);
	connection->sequence_base[FLOWTAP_EGRESS] = sequence_of(sock, FLOWTAP_EGRESS);
	connection->flags |= CONNECTION_HAS_BASE << FLOWTAP_INGRESS | CONNECTION_HAS_BASE << FLOWTAP_EGRESS;
}

/* Returns 0 when the socket is none that is captured. */
__noinline int connection_create(struct socket_ref *ref, s32 fd, u8 role, u8 flags)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct connection *draft;
	struct sock *sock;
	struct file *file;
	long error;
	u64 key;
	u8 family;

	if (!ref)
		return 0;
	sock = ref->sock;
	file = ref->file;
	key = (u64)sock;
	family = family_of(sock);
	if (family == FLOWTAP_FAMILY_UNKNOWN || BPF_CORE_READ(sock, __sk_common.skc_state) == TCP_LISTEN)
		return 0;
	/* Too large for the stack, which all functions of a call chain share (512 bytes). */
	bpf_map_update_elem(&drafts, &thread, &empty_connection, BPF_ANY);
	draft = bpf_map_lookup_elem(&drafts, &thread);
	if (!draft) {
		count(FLOWTAP_COUNT_MAP_FULL, 0);
		return 0;
	}
	draft->family = family;
	draft->id = next_connection_id();
	draft->created_ns = bpf_ktime_get_ns();
	draft->socket = (u64)ref->socket;
	draft->inode = BPF_CORE_READ(file, f_inode, i_ino);
	draft->role = role;
	draft->flags = flags;
	draft->pid = thread >> 32;
	draft->tid = (u32)thread;
	draft->fd = fd;
	bpf_get_current_comm(draft->comm, sizeof(draft->comm));
	read_addresses(sock, family, &draft->addresses);
	if (!(flags & (CONNECTION_JOINED_LATE | CONNECTION_PENDING)) && family != FLOWTAP_FAMILY_UNIX)
		set_sequence_bases(draft, sock);
	error = bpf_map_update_elem(&connections, &key, draft, BPF_ANY);
	if (error)
		count(FLOWTAP_COUNT_MAP_FULL, 0);
	else if (!(flags & CONNECTION_PENDING))
		announce(draft, draft->id, key, FLOWTAP_CONNECT, fd);
	bpf_map_delete_elem(&drafts, &thread);
	return error == 0;
}

/* connect() has succeeded. is_unmoved: nothing was written or read yet. */
static __always_inline void connection_established(struct connection *connection, struct sock *sock, bool is_unmoved)
{
	connection->flags &= ~CONNECTION_PENDING;
	read_addresses(sock, connection->family, &connection->addresses);
	if (is_unmoved)
		set_sequence_bases(connection, sock);
	announce(connection, connection->id, 0, FLOWTAP_CONNECT, connection->fd); /* no path: it is TCP */
}

/*
 * A connection can get established while it is being noted as pending: then nobody was there to see it. The tracepoint
 * comes before the new state (inet_sk_state_store, net/ipv4/af_inet.c): where both that state and the mark are found, it
 * came too early.
 */
static __always_inline void establish_if_missed(struct connection *connection, struct sock *sock, bool is_unmoved)
{
	u8 now;

	if (!(connection->flags & CONNECTION_PENDING))
		return;
	now = BPF_CORE_READ(sock, __sk_common.skc_state);
	if (now == TCP_SYN_SENT || now == TCP_SYN_RECV || now == TCP_CLOSE)
		return;
	full_barrier();
	if (*(volatile u8 *)&connection->flags & CONNECTION_PENDING)
		connection_established(connection, sock, is_unmoved);
}

/*
 * The known connection of a socket. The end of a TCP socket is always seen; an AF_UNIX socket can vanish unseen and its
 * address be used again, which the inode number tells.
 */
static __always_inline struct connection *connection_find(struct socket_ref *ref)
{
	u64 key = (u64)ref->sock;
	struct file *file = ref->file;
	struct connection *connection = bpf_map_lookup_elem(&connections, &key);

	if (!connection)
		return NULL;
	if (connection->socket == (u64)ref->socket &&
	    (connection->family != FLOWTAP_FAMILY_UNIX || connection->inode == BPF_CORE_READ(file, f_inode, i_ino)))
		return connection;
	announce_close(connection);
	bpf_map_delete_elem(&connections, &key);
	return NULL;
}

static __always_inline struct connection *connection_of(struct socket_ref *ref, s32 fd)
{
	struct connection *connection = connection_find(ref);
	u64 key = (u64)ref->sock;

	if (connection) {
		establish_if_missed(connection, ref->sock, false);
		return connection;
	}
	if (!connection_create(ref, fd, FLOWTAP_ROLE_UNKNOWN, CONNECTION_JOINED_LATE))
		return NULL;
	return bpf_map_lookup_elem(&connections, &key);
}

#endif
