/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_MAPS_H
#define FLOWTAP_MAPS_H

/* Set by user space before loading. */
const volatile struct flowtap_config config = {};

/* Set and read by user space while running. */
struct flowtap_state state = {};

/* Records on their way to user space. max_entries is set to config.ring_bytes before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} events SEC(".maps");

/*
 * Processes that are targets, by thread group id.
 * Inserted: by user space, in process_fork (child of a target), in process_cgroup (moved into a target cgroup).
 * Deleted: in process_exit (last thread), by user space when a target is removed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, struct flowtap_process);
} processes SEC(".maps");

/*
 * Cgroups whose processes are targets.
 * Inserted: by user space, in cgroup_made (one with an expected name).
 * Deleted: in cgroup_gone, by user space when a target is removed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct flowtap_cgroup_key);
	__type(value, u32);
} cgroup_targets SEC(".maps");

/* Names of cgroups that will be targets as soon as they are made. Written by user space only. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct flowtap_cgroup_name);
	__type(value, u32);
} cgroup_names SEC(".maps");

/*
 * Connections by struct sock *.
 * Inserted: in connection_create (accept, connect, first data of a connection that was there before).
 * Deleted: in connection_end (tcp_destroy_sock, last close of an AF_UNIX socket) and when the address turns out to hold
 * another socket. LRU, because the end of an AF_UNIX socket can be missed (exit with the descriptor passed on).
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, u64);
	__type(value, struct connection);
} connections SEC(".maps");

/* The connection that a thread is just making. By pid_tgid. Inserted and deleted in connection_create. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, struct connection);
} drafts SEC(".maps");

const struct connection empty_connection SEC(".rodata.empty") = {};

struct descriptor {
	u32 pid;
	s32 fd;
};

/*
 * Sockets that lost a descriptor while another thread of the process may be inside a call on it.
 * Inserted: in descriptor_released. Looked up: when a call's bytes cannot belong to the socket that the descriptor names
 * at its exit. Never deleted: LRU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct descriptor);
	__type(value, u64);
} displaced SEC(".maps");

/*
 * Calls that the first of two programs has seen (enum call_end): the second one passes over them.
 * By pid_tgid. Inserted: by the first one. Never deleted: LRU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, u32);
} seen_calls SEC(".maps");

#define TLS_CALL_DEPTH 4

struct tls_frame {
	u64 ssl;
	u64 buffer;
	u64 count_pointer; /* size_t * that gets the transferred bytes; 0: the return value has them */
	u64 stack_pointer;
	u64 sock; /* struct sock * of a socket call made inside */
	u64 ready_ns; /* since when both directions of the file's functions are observed */
	s32 fd;
	u8 direction;
	u8 is_counted; /* by a call inside this one: a library function that is built on another one */
	u8 is_ciphertext; /* what passed `sock` are TLS records */
	u8 _pad;
};

/* TLS calls that a thread is in, innermost last: TLS inside TLS nests. */
struct tls_calls {
	u32 depth;
	u32 _pad;
	struct tls_frame frames[TLS_CALL_DEPTH];
};

const struct tls_calls empty_tls_calls SEC(".rodata.empty") = {};

/* By pid_tgid. Inserted at entry of a TLS call; emptied at its exit. LRU: a thread can end inside a call. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct tls_calls);
} tls_calls SEC(".maps");

struct tls_session_key {
	u64 ssl;
	u32 pid;
	u32 _pad;
};

struct tls_session {
	u64 sock; /* struct sock *, 0: not known */
	u64 connection_id; /* of that socket: tells a new connection at an old address */
	u64 own_id; /* connection id that plaintext got while the socket was not known, 0: none */
	u64 own_bytes[2];
	s32 fd;
	u8 fd_source;
	u8 _pad[3];
};

/*
 * SSL* -> socket.
 * Inserted: SSL_set_fd, first TLS call. Deleted: SSL_free. LRU, because a process can end without SSL_free.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct tls_session_key);
	__type(value, struct tls_session);
} tls_sessions SEC(".maps");

struct last_read {
	u64 sock;
	u64 connection_id; /* of that socket: tells a new connection at an old address */
	u64 goroutine; /* of a Go program; anything else in others */
	s32 fd;
	u32 _pad;
};

/*
 * The encrypted connection that a thread read from last, outside of any TLS call: programs that feed their TLS library
 * from memory (BIO_s_mem(3)) hand those bytes over next.
 * By pid_tgid. Inserted: in on_socket_data. Deleted: when a session looked at it. LRU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct last_read);
} last_reads SEC(".maps");

/* A call of crypto/tls that has not returned, by process, goroutine and the depth of its frame in the goroutine's stack. */
struct go_call_key {
	u64 goroutine;
	u32 pid;
	u32 depth;
};

struct go_call {
	u64 conn; /* *tls.Conn */
	u64 buffer;
};

/*
 * Inserted: at entry, where a call that grows its stack arrives twice. Deleted: at return. LRU: a goroutine can leave by
 * a panic, and a process can end. A server has one for each connection that it waits for.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct go_call_key);
	__type(value, struct go_call);
} go_calls SEC(".maps");

/*
 * Executable files that user space was told of.
 * Inserted: in on_file_mapped. Deleted: by user space when it lets go of a file, all of them. LRU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct flowtap_file_key);
	__type(value, u32);
} known_files SEC(".maps");

/* enum flowtap_counter -> events and bytes. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FLOWTAP_COUNTERS);
	__type(key, u32);
	__type(value, struct flowtap_count);
} counters SEC(".maps");

static __always_inline void count(u32 counter, u64 bytes)
{
	struct flowtap_count *entry = bpf_map_lookup_elem(&counters, &counter);

	/* Atomic, although each processor has its own: programs at uprobes can be preempted. */
	if (entry) {
		__sync_fetch_and_add(&entry->events, 1);
		__sync_fetch_and_add(&entry->bytes, bytes);
	}
}

#endif
