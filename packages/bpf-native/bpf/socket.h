/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_SOCKET_H
#define FLOWTAP_SOCKET_H

struct socket_ref {
	struct file *file;
	struct socket *socket;
	struct sock *sock;
};

/*
 * The socket behind a descriptor of the current task. A socket's file and its struct socket point at each other; another
 * kind of file does not pass that check.
 */
static __always_inline bool socket_of_fd(s32 fd, struct socket_ref *ref)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = task->files->fdt;
	struct file *file = NULL;
	struct socket *socket;

	if (fd < 0 || (u32)fd >= table->max_fds)
		return false;
	bpf_probe_read_kernel(&file, sizeof(file), table->fd + fd);
	if (!file)
		return false;
	socket = BPF_CORE_READ(file, private_data);
	if (!socket || BPF_CORE_READ(socket, file) != file)
		return false;
	ref->file = file;
	ref->socket = socket;
	ref->sock = BPF_CORE_READ(socket, sk);
	return ref->sock != NULL;
}

/* The only holder is about to let go. */
static __always_inline bool is_last_reference(struct file *file)
{
	struct file___with_ref *with_ref = (void *)file;

	if (bpf_core_field_exists(with_ref->f_ref))
		return BPF_CORE_READ(with_ref, f_ref.refcnt.counter) == 0;
	return BPF_CORE_READ(file, f_count.counter) == 1;
}

static __always_inline u32 sequence_of(struct sock *sock, u8 direction)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sock;

	return direction == FLOWTAP_INGRESS ? BPF_CORE_READ(tcp, copied_seq) : BPF_CORE_READ(tcp, write_seq);
}

/* What has arrived and was not read, in sequence numbers: the peer's FIN counts one (RFC 9293 section 3.4). */
static __always_inline u32 unread_of(struct sock *sock)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sock;

	return BPF_CORE_READ(tcp, rcv_nxt) - BPF_CORE_READ(tcp, copied_seq);
}

/* FLOWTAP_FAMILY_UNKNOWN for everything that is not TCP or an AF_UNIX stream. */
static __always_inline u8 family_of(struct sock *sock)
{
	u16 family = BPF_CORE_READ(sock, __sk_common.skc_family);

	if (BPF_CORE_READ(sock, sk_type) != SOCK_STREAM)
		return FLOWTAP_FAMILY_UNKNOWN;
	if (family == AF_UNIX)
		return FLOWTAP_FAMILY_UNIX;
	if (BPF_CORE_READ(sock, sk_protocol) != IPPROTO_TCP)
		return FLOWTAP_FAMILY_UNKNOWN;
	if (family == AF_INET)
		return FLOWTAP_FAMILY_IPV4;
	if (family == AF_INET6)
		return FLOWTAP_FAMILY_IPV6;
	return FLOWTAP_FAMILY_UNKNOWN;
}

static __always_inline void read_addresses(struct sock *sock, u8 family, struct flowtap_addresses *addresses)
{
	if (family == FLOWTAP_FAMILY_UNIX)
		return;
	addresses->local_port = BPF_CORE_READ(sock, __sk_common.skc_num);
	addresses->remote_port = __builtin_bswap16(BPF_CORE_READ(sock, __sk_common.skc_dport));
	if (family == FLOWTAP_FAMILY_IPV4) {
		BPF_CORE_READ_INTO((u32 *)addresses->local, sock, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((u32 *)addresses->remote, sock, __sk_common.skc_daddr);
	} else {
		BPF_CORE_READ_INTO((struct in6_addr *)addresses->local, sock, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)addresses->remote, sock, __sk_common.skc_v6_daddr);
	}
}

/* sun_path of an AF_UNIX socket; an abstract name begins with NUL and is not terminated. Returns its bytes. */
static __always_inline u16 read_unix_path(struct sock *sock, char *path)
{
	struct unix_sock *unix_socket = (struct unix_sock *)sock;
	struct unix_address *address = BPF_CORE_READ(unix_socket, addr);
	int length;

	if (!address)
		return 0;
	/* The name is a sockaddr_un: two bytes of family come before the path. */
	length = BPF_CORE_READ(address, len) - 2;
	if (length <= 0)
		return 0;
	if (length > FLOWTAP_PATH_BYTES)
		length = FLOWTAP_PATH_BYTES;
	if (bpf_probe_read_kernel(path, length & 0x7f, __builtin_preserve_access_index(&address->name[0].sun_path)))
		return 0;
	return length;
}

#endif
