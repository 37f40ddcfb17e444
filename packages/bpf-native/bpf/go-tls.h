/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_GO_TLS_H
#define FLOWTAP_GO_TLS_H

/*
 * crypto/tls of Go. What is written is taken where Write hands it to the record layer: before it is encrypted, so that no
 * answer can come first, whichever goroutines and threads are at work. What is read is taken where Read copies it to its
 * caller. Where the code does not show these places, calls are observed from entry to return: they are kept by
 * goroutine, which moves between threads while it waits, and by their frame's distance from the upper end of the
 * goroutine's stack, which stays when the stack moves because it grows.
 *
 * The socket is looked up each time through the net.Conn that the tls.Conn was made of. Where that leads to no TCP
 * socket, the goroutine's own last read of an encrypted connection names it.
 */

/* go.dev/s/regabi (cmd/compile/abi-internal.md): arguments and results in registers, the goroutine in one of its own. */
#if defined(__TARGET_ARCH_x86)
#define GO_ARGUMENT1(r) ((r)->ax)
#define GO_ARGUMENT2(r) ((r)->bx)
#define GO_ARGUMENT3(r) ((r)->cx)
#define GO_ARGUMENT4(r) ((r)->di)
#define GO_GOROUTINE(r) ((r)->r14)
#define GO_STACK_POINTER(r) ((r)->sp)
#elif defined(__TARGET_ARCH_arm64)
#define GO_ARGUMENT1(r) ((r)->regs[0])
#define GO_ARGUMENT2(r) ((r)->regs[1])
#define GO_ARGUMENT3(r) ((r)->regs[2])
#define GO_ARGUMENT4(r) ((r)->regs[3])
#define GO_GOROUTINE(r) ((r)->regs[28])
#define GO_STACK_POINTER(r) ((r)->sp)
#endif

/* The stack ABI, at the first byte of Read and Write: above the return address the arguments, then the results. */
struct go_frame {
	u64 return_address;
	u64 conn;
	u64 buffer;
	u64 length;
	u64 capacity;
	u64 transferred;
};

/* Where a function is about to be called, there is no return address yet. */
struct go_send_arguments {
	u64 conn;
	u64 type;
	u64 data;
	u64 length;
};

struct go_copy_arguments {
	u64 to;
	u64 from;
	u64 length;
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

/*
 * What a *net.TCPConn points to: net.netFD, which begins with internal/poll.FD. The same in Go 1.15 to 1.27; all of it is
 * compared with the socket, so that another layout, or something else that a wrapper begins with, is no socket.
 */
struct go_net_fd {
	u64 lock[2];
	u64 descriptor;
	u64 poller[2];
	u32 semaphore;
	u32 is_blocking;
	u8 is_stream;
	u8 zero_read_is_eof;
	u8 is_file;
	u8 _pad[5];
	u64 family;
	u64 socket_type;
};

/* A net.Conn in a net.Conn in a tls.Conn: connections are wrapped to count, to limit, to log. */
#define GO_WRAPPERS 3
/* No call moves more: anything else is no length. */
#define GO_MAX_BYTES 0x7fffffffULL

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

/* In a system call of a program with the register ABI. */
static __always_inline u64 go_goroutine_in_syscall(void)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return GO_GOROUTINE(regs);
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

static __always_inline bool go_is_tcp_socket(u64 net_fd, struct socket_ref *ref, s32 *fd)
{
	struct go_net_fd go = {};
	struct sock *sock;
	u8 family;

	if (!net_fd || bpf_probe_read_user(&go, sizeof(go), (void *)net_fd))
		return false;
	if (go.is_stream != 1 || go.zero_read_is_eof != 1 || go.is_file || go.socket_type != SOCK_STREAM)
		return false;
	if (go.descriptor > 0x7fffffff || !socket_of_fd(go.descriptor, ref))
		return false;
	sock = ref->sock;
	family = family_of(sock);
	if (family != FLOWTAP_FAMILY_IPV4 && family != FLOWTAP_FAMILY_IPV6)
		return false;
	*fd = go.descriptor;
	return go.family == BPF_CORE_READ(sock, __sk_common.skc_family);
}

/* The TCP socket under a *tls.Conn, whose first member is the net.Conn. */
static __always_inline bool go_find_socket(u64 conn, struct socket_ref *ref, s32 *fd)
{
	u64 value = go_read_word(conn + __builtin_offsetof(struct go_interface, data));

	for (int i = 0; i < GO_WRAPPERS && value; i++) {
		if (go_is_tcp_socket(go_read_word(value), ref, fd))
			return true;
		value = go_read_word(value + __builtin_offsetof(struct go_interface, data));
	}
	return false;
}

/* The connection is the tls.Conn's for its whole life. Another tls.Conn on it is TLS inside TLS: it stays without. */
static __always_inline bool go_bind(u64 conn, struct tls_session *session)
{
	struct socket_ref ref = {};
	struct connection *connection;
	s32 fd = -1;

	if (!go_find_socket(conn, &ref, &fd))
		return false;
	connection = connection_of(&ref, fd);
	if (!connection || (connection->ssl && connection->ssl != conn))
		return false;
	connection->ssl = conn;
	session->sock = (u64)ref.sock;
	session->connection_id = connection->id;
	session->fd = fd;
	session->fd_source = FLOWTAP_FD_GO;
	return true;
}

/* The connection that this goroutine has just read from: another goroutine may have used the thread since. */
static __always_inline void go_bind_to_last_read(struct tls_session *session, u64 conn, u64 goroutine)
{
	u64 thread = bpf_get_current_pid_tgid();
	struct last_read *read = bpf_map_lookup_elem(&last_reads, &thread);

	if (read && goroutine && read->goroutine == goroutine)
		bind_to_last_read(session, conn);
}

/* goroutine: 0 when it is not known. */
static __always_inline void go_transfer(u64 conn, u8 direction, u64 buffer, u64 bytes, u64 goroutine, u64 cookie)
{
	struct tls_frame frame = {
		.ssl = conn,
		.buffer = buffer,
		.direction = direction,
		.ready_ns = ready_since(cookie),
	};
	struct tls_session bound = {};
	struct tls_session *session = &bound;

	if (!go_bind(conn, &bound)) {
		session = session_of(conn);
		if (!session)
			return;
		if (!connection_of_session(session))
			go_bind_to_last_read(session, conn, goroutine);
	}
	send_plaintext(session, &frame, bytes);
}

/* writeRecordLocked is about to be called. */
static __always_inline void go_on_send(struct pt_regs *ctx, u64 cookie)
{
	struct go_send_arguments arguments = {};
	u64 goroutine = 0;

	if (cookie & FLOWTAP_GO_STACK_ABI) {
		bpf_probe_read_user(&arguments, sizeof(arguments), (void *)GO_STACK_POINTER(ctx));
	} else {
		arguments.conn = GO_ARGUMENT1(ctx);
		arguments.data = GO_ARGUMENT3(ctx);
		arguments.length = GO_ARGUMENT4(ctx);
		goroutine = GO_GOROUTINE(ctx);
	}
	if (arguments.length && arguments.length <= GO_MAX_BYTES)
		go_transfer(arguments.conn, FLOWTAP_EGRESS, arguments.data, arguments.length, goroutine, cookie);
}

/* runtime.memmove(to, from, length) is about to be called in Read: all bytes that it returns go this way. */
static __always_inline void go_on_copy(struct pt_regs *ctx, u64 cookie)
{
	struct go_copy_arguments arguments = {};
	u64 frame_bytes = ((cookie >> 16) & 0xff) * 8;
	/* Read's own frame, then its return address, then the place of its first argument. */
	u64 conn = go_read_word(GO_STACK_POINTER(ctx) + frame_bytes + __builtin_offsetof(struct go_frame, conn));
	u64 goroutine = 0;

	if (cookie & FLOWTAP_GO_STACK_ABI) {
		bpf_probe_read_user(&arguments, sizeof(arguments), (void *)GO_STACK_POINTER(ctx));
	} else {
		arguments.from = GO_ARGUMENT2(ctx);
		arguments.length = GO_ARGUMENT3(ctx);
		goroutine = GO_GOROUTINE(ctx);
	}
	if (arguments.length && arguments.length <= GO_MAX_BYTES)
		go_transfer(conn, FLOWTAP_INGRESS, arguments.from, arguments.length, goroutine, cookie);
}

static __always_inline void go_on_entry(struct pt_regs *ctx, u64 cookie)
{
	struct go_call_key key = {};
	struct go_call call = {};

	if (cookie & FLOWTAP_GO_STACK_ABI) {
		struct go_frame frame = {};

		bpf_probe_read_user(&frame, sizeof(frame), (void *)GO_STACK_POINTER(ctx));
		call.conn = frame.conn;
		call.buffer = frame.buffer;
	} else {
		call.conn = GO_ARGUMENT1(ctx);
		call.buffer = GO_ARGUMENT2(ctx);
	}
	if ((cookie & 0xff) == FLOWTAP_GO_CLOSE)
		tls_free(call.conn);
	else if (go_make_key(ctx, cookie, &key) && bpf_map_update_elem(&go_calls, &key, &call, BPF_ANY))
		count(FLOWTAP_COUNT_MAP_FULL, 0);
}

static __always_inline int on_go_place(struct pt_regs *ctx, u64 cookie)
{
	if (!ready_since(cookie) || !is_target())
		return 0;
	switch (cookie & 0xff) {
	case FLOWTAP_GO_COPY:
		go_on_copy(ctx, cookie);
		break;
	case FLOWTAP_GO_SEND:
		go_on_send(ctx, cookie);
		break;
	default:
		go_on_entry(ctx, cookie);
	}
	return 0;
}

static __always_inline int on_go_return(struct pt_regs *ctx, u64 cookie)
{
	u8 direction = (cookie & 0xff) == FLOWTAP_GO_WRITE ? FLOWTAP_EGRESS : FLOWTAP_INGRESS;
	struct go_call_key key = {};
	struct go_call *known;
	struct go_call call;
	s64 bytes = GO_ARGUMENT1(ctx);

	if (!ready_since(cookie) || !is_target() || !go_make_key(ctx, cookie, &key))
		return 0;
	known = bpf_map_lookup_elem(&go_calls, &key);
	if (!known)
		return 0;
	call = *known;
	bpf_map_delete_elem(&go_calls, &key);
	if (cookie & FLOWTAP_GO_STACK_ABI)
		bytes = go_read_word(GO_STACK_POINTER(ctx) + __builtin_offsetof(struct go_frame, transferred));
	if (bytes > 0)
		go_transfer(call.conn, direction, call.buffer, bytes, key.goroutine, cookie);
	return 0;
}

#endif
