/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_TLS_H
#define FLOWTAP_TLS_H

/*
 * Which socket a TLS session (SSL*, gnutls_session_t) belongs to, in order of trust: what the program says by SSL_set_fd
 * and its kin; a socket call on the same thread inside a TLS call; for programs that feed the library from memory, the
 * encrypted connection that the same thread has just read from and that no other session has. Where they contradict each
 * other the bytes decide: TLS records that pass a socket inside the session's own calls are the session's, and a socket
 * that gave less ciphertext than the session gave plaintext is not. No layout of a library's structures is assumed.
 */

/* Since when the probes of the file with this one are all there; 0: they are not. */
static __always_inline u64 ready_since(u64 cookie)
{
	return *(volatile u64 *)&state.file_ready_ns[(cookie >> 32) & (FLOWTAP_PROBED_FILES - 1)];
}

static __always_inline struct tls_session_key session_key(u64 ssl)
{
	struct tls_session_key key = {
		.ssl = ssl,
		.pid = bpf_get_current_pid_tgid() >> 32,
	};

	return key;
}

static __always_inline struct tls_session *session_of(u64 ssl)
{
	struct tls_session_key key = session_key(ssl);
	struct tls_session *session = bpf_map_lookup_elem(&tls_sessions, &key);
	struct tls_session fresh = { .fd = -1 };

	if (session)
		return session;
	if (bpf_map_update_elem(&tls_sessions, &key, &fresh, BPF_NOEXIST))
		count(FLOWTAP_COUNT_MAP_FULL, 0);
	return bpf_map_lookup_elem(&tls_sessions, &key);
}

/* Called for each socket call that moved bytes: is this thread inside a TLS call? Then those are its ciphertext. */
static __always_inline struct tls_frame *current_tls_frame(void)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct tls_calls *calls = bpf_map_lookup_elem(&tls_calls, &thread);

	if (!calls || calls->depth == 0)
		return NULL;
	return &calls->frames[(calls->depth - 1) & (TLS_CALL_DEPTH - 1)];
}

/* count_argument: 4 or 5, or 0 when the return value has the count. has_buffer: it is the second argument. */
static __always_inline bool tls_enter(struct pt_regs *ctx, u8 direction, u32 count_argument, bool has_buffer,
				      u64 ready_ns)
{
	u64 thread = bpf_get_current_pid_tgid();
	u64 stack_pointer = PT_REGS_SP(ctx);
	u64 fourth = PT_REGS_PARM4(ctx);
	u64 fifth = PT_REGS_PARM5(ctx);
	struct tls_calls *calls;
	struct tls_frame *frame;

	/* Or the compiler would load one of them by a computed offset, which the verifier does not allow. */
	barrier_var(fourth);
	barrier_var(fifth);
	calls = bpf_map_lookup_elem(&tls_calls, &thread);
	if (!calls) {
		bpf_map_update_elem(&tls_calls, &thread, &empty_tls_calls, BPF_NOEXIST);
		calls = bpf_map_lookup_elem(&tls_calls, &thread);
		if (!calls) {
			count(FLOWTAP_COUNT_MAP_FULL, 0);
			return false;
		}
	}
	/* A frame that is not below the caller's belongs to a call that was left by longjmp or an exception. */
	for (int i = 0; i < TLS_CALL_DEPTH; i++) {
		if (calls->depth == 0 ||
		    calls->frames[(calls->depth - 1) & (TLS_CALL_DEPTH - 1)].stack_pointer > stack_pointer)
			break;
		calls->depth -= 1;
	}
	if (calls->depth >= TLS_CALL_DEPTH) {
		count(FLOWTAP_COUNT_MAP_FULL, 0);
		return false;
	}
	frame = &calls->frames[calls->depth & (TLS_CALL_DEPTH - 1)];
	frame->ssl = PT_REGS_PARM1(ctx);
	frame->buffer = has_buffer ? PT_REGS_PARM2(ctx) : 0;
	frame->count_pointer = count_argument == 4 ? fourth : count_argument == 5 ? fifth : 0;
	frame->stack_pointer = stack_pointer;
	frame->ready_ns = ready_ns;
	frame->sock = 0;
	frame->fd = -1;
	frame->direction = direction;
	frame->is_counted = 0;
	frame->is_ciphertext = 0;
	calls->depth += 1;
	return true;
}

/* A call pops its return address, so the stack pointer at return is that of the entry plus this. */
#if defined(__TARGET_ARCH_x86)
#define RETURN_ADDRESS_BYTES 8
#else
#define RETURN_ADDRESS_BYTES 0
#endif

/* The frame of the call that returns now, taken off the thread's stack. */
static __always_inline bool tls_pop(struct pt_regs *ctx, struct tls_frame *frame)
{
	u64 thread = bpf_get_current_pid_tgid();
	u64 stack_pointer = PT_REGS_SP(ctx) - RETURN_ADDRESS_BYTES;
	struct tls_calls *calls = bpf_map_lookup_elem(&tls_calls, &thread);

	if (!calls)
		return false;
	for (int i = 0; i < TLS_CALL_DEPTH; i++) {
		if (calls->depth == 0)
			return false;
		*frame = calls->frames[(calls->depth - 1) & (TLS_CALL_DEPTH - 1)];
		if (frame->stack_pointer > stack_pointer)
			return false;
		calls->depth -= 1;
		if (frame->stack_pointer == stack_pointer) {
			struct tls_frame *caller = &calls->frames[(calls->depth - 1) & (TLS_CALL_DEPTH - 1)];

			if (calls->depth > 0 && caller->ssl == frame->ssl && caller->direction == frame->direction)
				caller->is_counted = 1;
			return true;
		}
	}
	return false;
}

static __always_inline u64 transferred_bytes(struct pt_regs *ctx, const struct tls_frame *frame)
{
	int result = (int)PT_REGS_RC(ctx);
	u64 bytes = 0;

	if (result <= 0)
		return 0;
	if (!frame->count_pointer)
		return result;
	bpf_probe_read_user(&bytes, sizeof(bytes), (void *)frame->count_pointer);
	return bytes;
}

static __always_inline void bind_session(struct tls_session *session, u64 ssl, u64 sock, s32 fd, u8 fd_source)
{
	struct connection *connection = bpf_map_lookup_elem(&connections, &sock);

	if (!connection)
		return;
	if (session->connection_id == connection->id) {
		/* One more witness. The most trusted one is named. */
		if (fd_source < session->fd_source)
			session->fd_source = fd_source;
		connection->ssl = ssl;
		return;
	}
	if (session->connection_id && session->own_id) {
		/* The id stood for another connection, and ends with it. */
		session->own_id = 0;
		session->own_bytes[0] = 0;
		session->own_bytes[1] = 0;
	}
	session->sock = sock;
	session->connection_id = connection->id;
	session->fd = fd;
	session->fd_source = fd_source;
	connection->ssl = ssl;
	if (session->own_id && !connection->bytes[FLOWTAP_TLS][0] && !connection->bytes[FLOWTAP_TLS][1]) {
		/* Plaintext went out before: that id gets the addresses now, and keeps the plaintext. */
		connection->plaintext_id = session->own_id;
		announce(connection, session->own_id, sock, FLOWTAP_CONNECT, fd);
	}
}

/* The connection of a session, unless its socket has ended meanwhile. */
static __always_inline struct connection *connection_of_session(struct tls_session *session)
{
	struct connection *connection = bpf_map_lookup_elem(&connections, &session->sock);

	return connection && connection->id == session->connection_id ? connection : NULL;
}

/* The library was fed from memory: with what this thread read last, if that was ciphertext and is nobody else's. */
static __always_inline void bind_to_last_read(struct tls_session *session, u64 ssl)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct last_read *read = bpf_map_lookup_elem(&last_reads, &thread);
	struct connection *connection;

	if (!read)
		return;
	connection = bpf_map_lookup_elem(&connections, &read->sock);
	if (connection && connection->id == read->connection_id && !connection->ssl)
		bind_session(session, ssl, read->sock, read->fd, FLOWTAP_FD_LAST_READ);
	bpf_map_delete_elem(&last_reads, &thread);
}

/* Ciphertext that was read before the capture began and not yet decrypted then. */
#define MAX_UNSEEN_CIPHERTEXT (1 << 20)

/*
 * A socket that was only inferred must have given at least as much ciphertext as the session gives plaintext: every
 * record is longer than what it holds (RFC 8446 section 5.2; nobody compresses since CRIME). What is written says
 * nothing yet: the program hands the records on later.
 */
static __always_inline bool is_plausible(const struct tls_session *session, const struct connection *connection, u64 ssl,
					 u8 direction, u64 bytes)
{
	u64 possible = connection->bytes[FLOWTAP_RAW][FLOWTAP_INGRESS];
	u64 before = session->own_id ? session->own_bytes[FLOWTAP_INGRESS] :
				       connection->bytes[FLOWTAP_TLS][FLOWTAP_INGRESS];

	if (connection->ssl != ssl) /* a better witness gave it to another session */
		return false;
	if (direction != FLOWTAP_INGRESS)
		return true;
	if (connection->flags & CONNECTION_JOINED_LATE)
		possible += MAX_UNSEEN_CIPHERTEXT;
	return before + bytes <= possible;
}

/* From here on the plaintext goes under an id of its own, until another socket is found. */
static __always_inline void revoke_binding(struct tls_session *session, struct connection *connection, u64 ssl,
					   u64 bytes)
{
	count(FLOWTAP_COUNT_TLS_REVOKED, bytes);
	if (connection->ssl == ssl)
		connection->ssl = 0;
	if (connection->plaintext_id == session->own_id)
		connection->plaintext_id = 0;
	session->sock = 0;
	session->connection_id = 0;
	session->fd = -1;
	session->fd_source = FLOWTAP_FD_UNKNOWN;
	session->own_id = 0;
	session->own_bytes[0] = 0;
	session->own_bytes[1] = 0;
}

static __always_inline void send_plaintext(struct tls_session *session, const struct tls_frame *frame, u64 bytes)
{
	struct connection *connection = connection_of_session(session);
	struct transfer t = {};
	u8 direction = frame->direction & 1;

	if (connection && session->fd_source == FLOWTAP_FD_LAST_READ &&
	    !is_plausible(session, connection, frame->ssl, direction, bytes)) {
		revoke_binding(session, connection, frame->ssl, bytes);
		connection = NULL;
	}
	if (connection) {
		connection->flags |= CONNECTION_TLS;
		if (connection->created_ns < frame->ready_ns && !connection->bytes[FLOWTAP_TLS][0] &&
		    !connection->bytes[FLOWTAP_TLS][1])
			connection->flags |= CONNECTION_PLAINTEXT_LATE;
	}
	if (connection && !session->own_id && !connection->plaintext_id) {
		begin_transfer(&t, connection->id, direction, FLOWTAP_TLS, bytes, session->fd);
		describe_transfer(&t, connection);
		t.record.offset = __sync_fetch_and_add(&connection->bytes[FLOWTAP_TLS][direction], bytes);
	} else {
		/* Until the socket is known, the session stands for the connection. */
		if (!session->own_id) {
			session->own_id = next_connection_id();
			count(FLOWTAP_COUNT_TLS_UNBOUND, bytes);
		}
		begin_transfer(&t, session->own_id, direction, FLOWTAP_TLS, bytes, session->fd);
		if (connection)
			describe_transfer(&t, connection);
		t.record.header.flags = FLOWTAP_FLAG_JOINED_LATE;
		t.record.offset = __sync_fetch_and_add(&session->own_bytes[direction], bytes);
	}
	t.record.fd_source = session->fd_source;
	t.segment = frame->buffer;
	t.segment_left = bytes;
	if (!frame->buffer) {
		t.record.gap = FLOWTAP_GAP_ZERO_COPY;
		t.capture_left = 0;
	}
	send_transfer(&t);
}

static __always_inline int on_tls_return(struct pt_regs *ctx)
{
	struct tls_frame frame;
	struct tls_session *session;
	u64 bytes;

	if (!tls_pop(ctx, &frame))
		return 0;
	session = session_of(frame.ssl);
	if (!session)
		return 0;
	/* Calls that fail count too: during a handshake they all do. */
	if (frame.sock && (frame.is_ciphertext || !connection_of_session(session)))
		bind_session(session, frame.ssl, frame.sock, frame.fd, FLOWTAP_FD_NESTED_CALL);
	else if (frame.direction == FLOWTAP_INGRESS && !connection_of_session(session))
		bind_to_last_read(session, frame.ssl);
	bytes = transferred_bytes(ctx, &frame);
	if (bytes && !frame.is_counted)
		send_plaintext(session, &frame, bytes);
	return 0;
}

/* SSL_set_fd and its kin: the program says which descriptor it is. */
static __always_inline void tls_set_fd(u64 ssl, s32 fd)
{
	struct socket_ref ref;
	struct tls_session *session;

	if (!socket_of_fd(fd, &ref) || !connection_of(&ref, fd))
		return;
	session = session_of(ssl);
	if (session)
		bind_session(session, ssl, (u64)ref.sock, fd, FLOWTAP_FD_SET_FD);
}

/* The end of plaintext that went under an id of its own. */
static __always_inline void announce_unbound_close(const struct tls_session *session)
{
	struct flowtap_close_record *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);

	if (!record) {
		count(FLOWTAP_COUNT_CONTROL_LOST, 0);
		return;
	}
	__builtin_memset(record, 0, sizeof(*record));
	fill_header(&record->header, FLOWTAP_CLOSE, sizeof(*record), session->own_id, -1);
	record->header.flags = FLOWTAP_FLAG_JOINED_LATE;
	record->bytes[FLOWTAP_TLS][0] = session->own_bytes[0];
	record->bytes[FLOWTAP_TLS][1] = session->own_bytes[1];
	submit_control(record);
}

static __always_inline void tls_free(u64 ssl)
{
	struct tls_session_key key = session_key(ssl);
	struct tls_session *session = bpf_map_lookup_elem(&tls_sessions, &key);
	struct connection *connection;

	if (!session)
		return;
	connection = connection_of_session(session);
	if (connection && connection->ssl == ssl)
		connection->ssl = 0;
	if (session->own_id)
		announce_unbound_close(session);
	bpf_map_delete_elem(&tls_sessions, &key);
}

/* Answers whether the call was noted, so that its return means something. */
static __always_inline bool on_tls_entry(struct pt_regs *ctx, u64 cookie)
{
	u32 count_argument = (cookie >> 8) & 0xff;
	u64 ready_ns = ready_since(cookie);

	if (!ready_ns || !is_target())
		return false;
	switch (cookie & 0xff) {
	case FLOWTAP_TLS_READ:
	case FLOWTAP_TLS_READ_EX:
		return tls_enter(ctx, FLOWTAP_INGRESS, count_argument, true, ready_ns);
	case FLOWTAP_TLS_WRITE:
	case FLOWTAP_TLS_WRITE_EX:
		return tls_enter(ctx, FLOWTAP_EGRESS, count_argument, true, ready_ns);
	case FLOWTAP_TLS_READ_UNSEEN:
		return tls_enter(ctx, FLOWTAP_INGRESS, count_argument, false, ready_ns);
	case FLOWTAP_TLS_SET_FD:
		tls_set_fd(PT_REGS_PARM1(ctx), (s32)PT_REGS_PARM2(ctx));
		break;
	case FLOWTAP_TLS_SET_POINTER:
		if (PT_REGS_PARM2(ctx) <= 0x7fffffff)
			tls_set_fd(PT_REGS_PARM1(ctx), (s32)PT_REGS_PARM2(ctx));
		break;
	case FLOWTAP_TLS_FREE:
		tls_free(PT_REGS_PARM1(ctx));
		break;
	}
	return false;
}

#endif
