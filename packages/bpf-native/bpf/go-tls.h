/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_GO_TLS_H
#define FLOWTAP_GO_TLS_H

/*
 * crypto/tls of Go. A goroutine moves between threads while it waits, so that calls are kept by goroutine; its stack
 * moves too when it grows, so that a frame is told by its distance from the stack's upper end, which stays. The socket
 * is found through the net.Conn that the tls.Conn was made of; where that leads to no TCP socket, a socket call that the
 * goroutine makes inside names it.
 */

/* go.dev/s/regabi (cmd/compile/abi-internal.md): arguments and results in registers, the goroutine in one of its own. */
#if defined(__TARGET_ARCH_x86)
#define GO_ARGUMENT1(regs) ((regs)->ax)
#define GO_ARGUMENT2(regs) ((regs)->bx)
#define GO_GOROUTINE(regs) ((regs)->r14)
#define GO_STACK_POINTER(regs) ((regs)->sp)
#elif defined(__TARGET_ARCH_arm64)
#define GO_ARGUMENT1(regs) ((regs)->regs[0])
#define GO_ARGUMENT2(regs) ((regs)->regs[1])
#define GO_GOROUTINE(regs) ((regs)->regs[28])
#define GO_STACK_POINTER(regs) ((regs)->sp)
#endif

/*
 * Above the return address in the caller's frame: the receiver and the slice, which are the arguments of the stack ABI
 * and the places where the register ABI saves them; then the results of the stack ABI.
 */
struct go_frame {
	u64 return_address;
	u64 conn;
	u64 buffer;
	u64 length;
	u64 capacity;
	u64 transferred;
};

/* runtime/runtime2.go: g.stack comes first. */
struct go_stack {
	u64 low;
	u64 high;
};

/* An interface value, and every struct that embeds one first. */
struct go_interface {
	u64 type;
	u64 data;
};

/* A *net.TCPConn leads to a net.netFD, which begins with a poll.FD: its lock has 16 bytes, then comes Sysfd. */
#define GO_SYSFD_OFFSET 16
/* A net.Conn in a net.Conn in a tls.Conn: connections are wrapped to count, to limit, to log. */
#define GO_WRAPPERS 3

static __always_inline u64 go_read_word(u64 address)
{
	u64 word = 0;

	bpf_probe_read_user(&word, sizeof(word), (void *)address);
	return word;
}

static __always_inline u64 go_goroutine(struct pt_regs *ctx, u64 cookie)
{
#if defined(__TARGET_ARCH_x86)
	if (cookie & FLOWTAP_GO_STACK_ABI) {
		struct task_struct *task = bpf_get_current_task_btf();

		return go_read_word(task->thread.fsbase - ((cookie >> 16) & 0xff) * 8);
	}
#endif
	return GO_GOROUTINE(ctx);
}

/* False when this is no goroutine after all. */
static __always_inline bool go_make_key(struct pt_regs *ctx, u64 cookie, struct go_call_key *key)
{
	struct go_stack stack = {};
	u64 stack_pointer = GO_STACK_POINTER(ctx);

	key->pid = bpf_get_current_pid_tgid() >> 32;
	key->goroutine = go_goroutine(ctx, cookie);
	if (bpf_probe_read_user(&stack, sizeof(stack), (void *)key->goroutine))
		return false;
	if (stack_pointer <= stack.low || stack_pointer > stack.high)
		return false;
	key->depth = stack.high - stack_pointer;
	return true;
}

/* The TCP socket under a *tls.Conn, whose first member is the net.Conn. */
static __always_inline bool go_find_socket(u64 conn, struct socket_ref *ref, s32 *fd)
{
	u64 value = go_read_word(conn + __builtin_offsetof(struct go_interface, data));

	for (int i = 0; i < GO_WRAPPERS && value; i++) {
		u64 first = go_read_word(value);
		u64 sysfd = first ? go_read_word(first + GO_SYSFD_OFFSET) : ~0ULL;

		if (sysfd <= 0x7fffffff && socket_of_fd(sysfd, ref)) {
			u8 family = family_of(ref->sock);

			if (family == FLOWTAP_FAMILY_IPV4 || family == FLOWTAP_FAMILY_IPV6) {
				*fd = sysfd;
				return true;
			}
		}
		value = go_read_word(value + __builtin_offsetof(struct go_interface, data));
	}
	return false;
}

/* The connection is the tls.Conn's for its whole life. Another tls.Conn on it is TLS inside TLS: it stays without. */
static __always_inline void go_bind(struct go_call *call)
{
	struct socket_ref ref = {};
	struct connection *connection;
	s32 fd = -1;

	call->fd = -1;
	if (!go_find_socket(call->conn, &ref, &fd))
		return;
	connection = connection_of(&ref, fd);
	if (!connection || (connection->ssl && connection->ssl != call->conn))
		return;
	connection->ssl = call->conn;
	connection->flags |= CONNECTION_TLS;
	call->sock = (u64)ref.sock;
	call->connection_id = connection->id;
	call->fd = fd;
}

static __always_inline void go_await_nested(u64 goroutine)
{
	struct goroutine_key key = { .goroutine = goroutine, .pid = bpf_get_current_pid_tgid() >> 32 };
	struct nested_socket none = { .fd = -1 };

	bpf_map_update_elem(&go_nested, &key, &none, BPF_ANY);
}

/* Called for socket calls on an encrypted connection that no TLS call is known for. */
static __always_inline void go_note_nested(u64 sock, s32 fd)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct goroutine_key key = { .pid = bpf_get_current_pid_tgid() >> 32 };
	struct nested_socket *nested;

	/* The register ABI keeps it there, in a system call too. */
	key.goroutine = GO_GOROUTINE(regs);
	nested = bpf_map_lookup_elem(&go_nested, &key);
	if (!nested)
		return;
	nested->sock = sock;
	nested->fd = fd;
}

static __always_inline void go_bind_nested(struct tls_session *session, u64 conn, u64 goroutine)
{
	struct goroutine_key key = { .goroutine = goroutine, .pid = bpf_get_current_pid_tgid() >> 32 };
	struct nested_socket *nested = bpf_map_lookup_elem(&go_nested, &key);
	struct connection *connection;

	if (!nested)
		return;
	if (nested->sock) {
		u64 sock = nested->sock;

		connection = bpf_map_lookup_elem(&connections, &sock);
		if (connection && (!connection->ssl || connection->ssl == conn))
			bind_session(session, conn, sock, nested->fd);
	}
	bpf_map_delete_elem(&go_nested, &key);
}

static __always_inline int on_go_entry(struct pt_regs *ctx, u64 cookie)
{
	struct go_call_key key = {};
	struct go_call call = {};

	if (!is_target())
		return 0;
	if (cookie & FLOWTAP_GO_STACK_ABI) {
		struct go_frame frame = {};

		bpf_probe_read_user(&frame, sizeof(frame), (void *)GO_STACK_POINTER(ctx));
		call.conn = frame.conn;
		call.buffer = frame.buffer;
	} else {
		call.conn = GO_ARGUMENT1(ctx);
		call.buffer = GO_ARGUMENT2(ctx);
	}
	if ((cookie & 0xff) == FLOWTAP_GO_CLOSE) {
		tls_free(call.conn);
		return 0;
	}
	if (!go_make_key(ctx, cookie, &key))
		return 0;
	go_bind(&call);
	if (!call.sock)
		go_await_nested(key.goroutine);
	if (bpf_map_update_elem(&go_calls, &key, &call, BPF_ANY))
		count(FLOWTAP_COUNT_MAP_FULL, 0);
	return 0;
}

/* A call that was under way before there were probes: its arguments are still in the caller's frame. */
static __always_inline bool go_recover_call(u64 cookie, const struct go_frame *frame, u64 bytes, struct go_call *call)
{
	if (!(cookie & FLOWTAP_GO_KEEPS_ARGUMENTS) || (cookie & 0xff) != FLOWTAP_GO_READ)
		return false;
	if (bytes > frame->length || frame->length > frame->capacity)
		return false;
	call->conn = frame->conn;
	call->buffer = frame->buffer;
	go_bind(call);
	return call->sock != 0;
}

static __always_inline void go_send(u64 cookie, const struct go_call *call, u64 goroutine, u64 bytes)
{
	struct tls_frame frame = {
		.buffer = call->buffer,
		.direction = (cookie & 0xff) == FLOWTAP_GO_WRITE ? FLOWTAP_EGRESS : FLOWTAP_INGRESS,
	};
	struct tls_session bound = {
		.sock = call->sock,
		.connection_id = call->connection_id,
		.fd = call->fd,
	};
	struct tls_session *session = &bound;

	if (call->sock && !bytes)
		return;
	if (!call->sock || !connection_of_session(&bound)) {
		session = session_of(call->conn);
		if (!session)
			return;
		go_bind_nested(session, call->conn, goroutine);
	}
	if (bytes)
		send_plaintext(session, &frame, bytes);
}

static __always_inline int on_go_return(struct pt_regs *ctx, u64 cookie)
{
	struct go_call_key key = {};
	struct go_frame frame = {};
	struct go_call call = {};
	struct go_call *known;
	s64 bytes = GO_ARGUMENT1(ctx);

	if (!is_target() || !go_make_key(ctx, cookie, &key))
		return 0;
	bpf_probe_read_user(&frame, sizeof(frame), (void *)GO_STACK_POINTER(ctx));
	if (cookie & FLOWTAP_GO_STACK_ABI)
		bytes = frame.transferred;
	if (bytes < 0)
		bytes = 0;
	known = bpf_map_lookup_elem(&go_calls, &key);
	if (known) {
		call = *known;
		bpf_map_delete_elem(&go_calls, &key);
	} else if (!bytes || !go_recover_call(cookie, &frame, bytes, &call)) {
		return 0;
	}
	go_send(cookie, &call, key.goroutine, bytes);
	return 0;
}

#endif
