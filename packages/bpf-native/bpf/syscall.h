/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_SYSCALL_H
#define FLOWTAP_SYSCALL_H

/*
 * System calls are handled at their exit, where the kernel has just touched the buffers and the result is known; the
 * arguments are still in the task's user registers, so nothing has to be remembered from the entry. Only calls that
 * take a descriptor away are handled at entry, while it still leads to the socket.
 */

#if defined(__TARGET_ARCH_x86)
#define ARG0(regs) ((regs)->di)
#define ARG1(regs) ((regs)->si)
#define ARG2(regs) ((regs)->dx)
#define ARG3(regs) ((regs)->r10)
#define ARG4(regs) ((regs)->r8)
#define SYSCALL_NUMBER(regs) ((long)(regs)->orig_ax)
#elif defined(__TARGET_ARCH_arm64)
#define ARG0(regs) ((regs)->orig_x0)
#define ARG1(regs) ((regs)->regs[1])
#define ARG2(regs) ((regs)->regs[2])
#define ARG3(regs) ((regs)->regs[3])
#define ARG4(regs) ((regs)->regs[4])
#define SYSCALL_NUMBER(regs) ((long)(regs)->syscallno)
#endif

/*
 * A kernel does not run a program for whoever comes to the tracepoint while, on the same processor, another task is inside
 * of it: prog->active, kernel/trace/bpf_trace.c. Where programs can be preempted (seen on Linux 7.3) that happens to one
 * call in some thousands. Two of the same kind share the work there: the second one takes what the first one missed. What
 * both miss is a gap on TCP connections.
 */
enum place { ALONE, FIRST, SECOND };

enum call_end { CALL_ENTRY = 1, CALL_EXIT = 2 };

static __always_inline bool is_mine(enum place place, u32 end)
{
	u64 thread = bpf_get_current_pid_tgid();
	u32 *seen;

	if (place == ALONE)
		return true;
	seen = bpf_map_lookup_elem(&seen_calls, &thread);
	if (place == FIRST) {
		if (seen)
			*seen |= end;
		else
			bpf_map_update_elem(&seen_calls, &thread, &end, BPF_ANY);
		return true;
	}
	if (!seen || !(*seen & end))
		return true;
	*seen &= ~end;
	return false;
}

/* 32-bit programs number their calls differently: they are not captured rather than misread. */
static __always_inline bool is_compat(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
#if defined(__TARGET_ARCH_x86)
	return task->thread_info.status & 0x0002; /* TS_COMPAT */
#else
	return (task->thread_info.flags >> 22) & 1; /* TIF_32BIT */
#endif
}

static __always_inline void on_accept(s32 fd)
{
	struct socket_ref ref;

	if (socket_of_fd(fd, &ref))
		connection_create(&ref, fd, FLOWTAP_ROLE_SERVER, 0);
}

static __always_inline void on_connect(s32 fd, long result)
{
	struct socket_ref ref;
	struct sock *sock;
	u8 state;

	if ((result != 0 && result != -EINPROGRESS) || !socket_of_fd(fd, &ref))
		return;
	sock = ref.sock;
	state = BPF_CORE_READ(sock, __sk_common.skc_state);
	if (state == TCP_ESTABLISHED) {
		connection_create(&ref, fd, FLOWTAP_ROLE_CLIENT, 0);
	} else if (state == TCP_SYN_SENT && connection_create(&ref, fd, FLOWTAP_ROLE_CLIENT, CONNECTION_PENDING)) {
		struct connection *connection = connection_find(&ref);

		if (connection)
			establish_if_missed(connection, sock, true);
	}
}

static __always_inline void on_getsockname(s32 fd)
{
	struct socket_ref ref;
	struct connection *connection;

	if (!socket_of_fd(fd, &ref))
		return;
	connection = connection_find(&ref);
	if (connection && !(connection->flags & CONNECTION_PENDING))
		announce(connection, connection->id, (u64)ref.sock, FLOWTAP_GETSOCKNAME, fd);
}

/* A descriptor is about to go: close, dup2 over it, close_range. */
__noinline int descriptor_released(s32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct socket_ref ref;
	struct connection *connection;

	if (!socket_of_fd(fd, &ref))
		return 0;
	connection = connection_find(&ref);
	if (!connection)
		return 0;
	if (connection->family == FLOWTAP_FAMILY_UNIX && is_last_reference(ref.file)) {
		connection_end((u64)ref.sock);
	} else if (task->signal->live.counter > 1) {
		struct descriptor key = { .pid = bpf_get_current_pid_tgid() >> 32, .fd = fd };
		u64 sock = (u64)ref.sock;

		bpf_map_update_elem(&displaced, &key, &sock, BPF_ANY);
	}
	return 0;
}

#define MAX_CLOSED_RANGE 256

static __always_inline void on_close_range(u32 first, u32 last)
{
	for (u32 i = 0; i < MAX_CLOSED_RANGE && first + i <= last; i++)
		descriptor_released(first + i);
}

/* One message of sendmsg and recvmsg. Two members of it, not all: the stack is small (512 bytes for a call chain). */
static __always_inline bool read_message(struct call *call, u64 address)
{
	struct user_msghdr *message = (void *)address;

	call->is_vector = true;
	return !bpf_probe_read_user(&call->address, sizeof(call->address), &message->msg_iov) &&
	       !bpf_probe_read_user(&call->vector_length, sizeof(call->vector_length), &message->msg_iovlen);
}

#define MAX_MESSAGES 16

__noinline u64 message_bytes(u64 address, u32 messages)
{
	u64 total = 0;

	for (u32 i = 0; i < MAX_MESSAGES && i < messages; i++) {
		struct mmsghdr *message = (struct mmsghdr *)address + i;
		u32 length = 0;

		bpf_probe_read_user(&length, sizeof(length), &message->msg_len);
		total += length;
	}
	return total;
}

__noinline int on_messages(struct call *call, u64 address, u32 messages)
{
	if (!call)
		return 0;
	/* TCP has counted all messages when the first one is looked at. */
	if (call->may_miss)
		call->bytes_after = message_bytes(address, messages);
	for (u32 i = 0; i < MAX_MESSAGES && i < messages; i++) {
		struct mmsghdr *message = (struct mmsghdr *)address + i;
		u32 length;

		if (!read_message(call, (u64)&message->msg_hdr) ||
		    bpf_probe_read_user(&length, sizeof(length), &message->msg_len))
			return 0;
		call->bytes = length;
		if (call->may_miss)
			call->bytes_after -= length;
		on_socket_data(call);
	}
	return 0;
}

__noinline int on_file_mapped(u64 address, s32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = task->files->fdt;
	struct flowtap_file_key key = {};
	struct flowtap_map_record *record;
	struct file *file = NULL;
	struct flowtap_process *process;
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u32 device;
	u32 one = 1;

	if (fd < 0 || (u32)fd >= table->max_fds)
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), table->fd + fd);
	if (!file)
		return 0;
	device = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	key.inode = BPF_CORE_READ(file, f_inode, i_ino);
	key.device = device;
	if (bpf_map_lookup_elem(&known_files, &key))
		return 0;
	record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		count(FLOWTAP_COUNT_CONTROL_LOST, 0);
		return 0;
	}
	bpf_map_update_elem(&known_files, &key, &one, BPF_ANY);
	fill_header(&record->header, FLOWTAP_MAP, sizeof(*record), 0, fd);
	record->start = address;
	record->inode = key.inode;
	record->device_major = device >> FLOWTAP_DEVICE_MINOR_BITS;
	record->device_minor = device & ((1 << FLOWTAP_DEVICE_MINOR_BITS) - 1);
	process = bpf_map_lookup_elem(&processes, &pid);
	record->target = process ? process->target : 0;
	record->_pad = 0;
	submit_urgent(record);
	return 0;
}

static __always_inline bool discards(u64 flags)
{
	return flags & MSG_TRUNC;
}

static __always_inline bool is_not_data(u64 flags)
{
	return flags & (MSG_PEEK | MSG_ERRQUEUE);
}

static __always_inline int on_syscall_exit(struct pt_regs *regs, long result, enum place place, bool may_miss)
{
	long number = SYSCALL_NUMBER(regs);
	struct call call = { .may_miss = may_miss };

	switch (number) {
	case NR_read:
	case NR_write:
	case NR_readv:
	case NR_writev:
	case NR_sendto:
	case NR_recvfrom:
	case NR_sendmsg:
	case NR_recvmsg:
	case NR_sendmmsg:
	case NR_recvmmsg:
	case NR_sendfile:
	case NR_splice:
	case NR_mmap:
	case NR_accept:
	case NR_accept4:
	case NR_connect:
	case NR_getsockname:
		break;
	default:
		return 0;
	}
	if (!is_target() || is_compat() || !is_mine(place, CALL_EXIT))
		return 0;

	call.fd = ARG0(regs);
	switch (number) {
	case NR_accept:
	case NR_accept4:
		if (result >= 0)
			on_accept(result);
		return 0;
	case NR_connect:
		on_connect(call.fd, result);
		return 0;
	case NR_getsockname:
		if (result == 0)
			on_getsockname(call.fd);
		return 0;
	case NR_mmap:
		/* An address is negative when it is an error: the last page of the address space. */
		if ((ARG2(regs) & PROT_EXEC) && (s32)ARG4(regs) >= 0 && (u64)result < -4095UL)
			on_file_mapped(result, ARG4(regs));
		return 0;
	}

	if (result <= 0)
		return 0;
	call.bytes = result;
	call.address = ARG1(regs);
	switch (number) {
	case NR_write:
		call.direction = FLOWTAP_EGRESS;
		break;
	case NR_read:
		break;
	case NR_sendto:
		call.direction = FLOWTAP_EGRESS;
		break;
	case NR_recvfrom:
		if (is_not_data(ARG3(regs)))
			return 0;
		call.gap = discards(ARG3(regs)) ? FLOWTAP_GAP_DISCARDED : FLOWTAP_GAP_NONE;
		break;
	case NR_writev:
		call.direction = FLOWTAP_EGRESS;
		call.is_vector = true;
		call.vector_length = ARG2(regs);
		break;
	case NR_readv:
		call.is_vector = true;
		call.vector_length = ARG2(regs);
		break;
	case NR_sendmsg:
		call.direction = FLOWTAP_EGRESS;
		read_message(&call, ARG1(regs));
		break;
	case NR_recvmsg:
		if (is_not_data(ARG2(regs)))
			return 0;
		call.gap = discards(ARG2(regs)) ? FLOWTAP_GAP_DISCARDED : FLOWTAP_GAP_NONE;
		read_message(&call, ARG1(regs));
		break;
	case NR_sendmmsg:
		call.direction = FLOWTAP_EGRESS;
		on_messages(&call, ARG1(regs), result);
		return 0;
	case NR_recvmmsg:
		if (!is_not_data(ARG3(regs)))
			on_messages(&call, ARG1(regs), result);
		return 0;
	case NR_sendfile:
		call.direction = FLOWTAP_EGRESS;
		call.gap = FLOWTAP_GAP_ZERO_COPY;
		break;
	case NR_splice:
		/* splice(fd_in, …, fd_out, …): one of them is a pipe, the other may be a socket. */
		call.gap = FLOWTAP_GAP_ZERO_COPY;
		on_socket_data(&call);
		call.direction = FLOWTAP_EGRESS;
		call.fd = ARG2(regs);
		break;
	default:
		return 0;
	}
	on_socket_data(&call);
	return 0;
}

static __always_inline int on_syscall_entry(struct pt_regs *regs, enum place place)
{
	long number = SYSCALL_NUMBER(regs);

	switch (number) {
	case NR_close:
	case NR_dup2:
	case NR_dup3:
	case NR_close_range:
		break;
	default:
		return 0;
	}
	if (!is_target() || is_compat() || !is_mine(place, CALL_ENTRY))
		return 0;
	if (number == NR_close)
		descriptor_released(ARG0(regs));
	else if (number == NR_close_range)
		on_close_range(ARG0(regs), ARG1(regs));
	else if (ARG0(regs) != ARG1(regs))
		descriptor_released(ARG1(regs));
	return 0;
}

#endif
