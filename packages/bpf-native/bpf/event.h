/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the BPF programs, the addon and the TypeScript decoder agree on. Fixed-width members, natural alignment, explicit
 * padding, host byte order. src/records/record-layout.ts mirrors the records; a test compares the two.
 */
#ifndef FLOWTAP_EVENT_H
#define FLOWTAP_EVENT_H

#define FLOWTAP_ABI_VERSION 1

#define FLOWTAP_COMM_BYTES 16
#define FLOWTAP_PATH_BYTES 108 /* sizeof(sockaddr_un.sun_path), unix(7) */
#define FLOWTAP_NAME_BYTES 256
#define FLOWTAP_PROBED_FILES 4096

enum flowtap_record_type {
	FLOWTAP_CONNECT = 1,
	FLOWTAP_GETSOCKNAME = 2,
	FLOWTAP_DATA = 3,
	FLOWTAP_CLOSE = 4,
	FLOWTAP_PROCESS = 5,
	/* A target mapped a file with PROT_EXEC: user space looks for TLS libraries in it. */
	FLOWTAP_MAP = 6,
};

enum flowtap_role {
	FLOWTAP_ROLE_UNKNOWN = 0,
	FLOWTAP_ROLE_CLIENT = 1,
	FLOWTAP_ROLE_SERVER = 2,
};

enum flowtap_family {
	FLOWTAP_FAMILY_UNKNOWN = 0,
	FLOWTAP_FAMILY_IPV4 = 1,
	FLOWTAP_FAMILY_IPV6 = 2,
	FLOWTAP_FAMILY_UNIX = 3,
};

enum flowtap_direction {
	FLOWTAP_INGRESS = 0,
	FLOWTAP_EGRESS = 1,
};

enum flowtap_layer {
	FLOWTAP_RAW = 0,
	FLOWTAP_TLS = 1,
};

/* Why captured < length. */
enum flowtap_gap {
	FLOWTAP_GAP_NONE = 0,
	FLOWTAP_GAP_COPY_FAILED = 1,
	FLOWTAP_GAP_CALL_LIMIT = 2,
	FLOWTAP_GAP_ZERO_COPY = 3,
	FLOWTAP_GAP_DISCARDED = 4,
};

/* What told which socket a TLS session belongs to. */
enum flowtap_fd_source {
	FLOWTAP_FD_UNKNOWN = 0,
	FLOWTAP_FD_SET_FD = 1, /* the program: SSL_set_fd and its kin */
	FLOWTAP_FD_NESTED_CALL = 2, /* a socket call inside a TLS call */
	FLOWTAP_FD_LAST_READ = 3, /* the socket that the thread read just before */
	FLOWTAP_FD_GO = 4, /* the connection object of a Go program */
};

enum flowtap_process_action {
	FLOWTAP_PROCESS_EXEC = 1,
	FLOWTAP_PROCESS_EXIT = 2,
};

/* flowtap_header.flags */
#define FLOWTAP_FLAG_JOINED_LATE (1 << 0)
/* The raw bytes of this record are TLS records. */
#define FLOWTAP_FLAG_ENCRYPTED (1 << 1)
/* FLOWTAP_TLS: the connection was there before its TLS functions were observed. */
#define FLOWTAP_FLAG_PLAINTEXT_LATE (1 << 2)

/* Per-CPU counters, one slot for each cause of loss. */
enum flowtap_counter {
	/* Data records that found no room in the ring. */
	FLOWTAP_COUNT_RING_FULL = 0,
	/* Control records that found none, not even in the headroom. */
	FLOWTAP_COUNT_CONTROL_LOST = 1,
	/* User memory that could not be read. */
	FLOWTAP_COUNT_COPY_FAILED = 2,
	/* Bytes of one call beyond what is copied. */
	FLOWTAP_COUNT_CALL_LIMIT = 3,
	/* A file descriptor changed its meaning during the call and the old socket is gone. */
	FLOWTAP_COUNT_IDENTITY_LOST = 4,
	/* No room for another connection, process or TLS session. */
	FLOWTAP_COUNT_MAP_FULL = 5,
	/* Plaintext of a TLS library whose socket was not known. */
	FLOWTAP_COUNT_TLS_UNBOUND = 6,
	FLOWTAP_COUNT_CONTROL_SENT = 7,
	FLOWTAP_COUNT_DATA_SENT = 8,
	/* Sockets that were taken for a TLS session's and whose bytes showed that they are not. */
	FLOWTAP_COUNT_TLS_REVOKED = 9,
	FLOWTAP_COUNTERS = 10,
};

struct flowtap_header {
	__u32 size; /* this record, payload included */
	__u16 type;
	__u8 version;
	__u8 flags;
	__u64 timestamp_ns; /* CLOCK_MONOTONIC */
	__u64 connection_id;
	__u32 pid; /* thread group, initial pid namespace */
	__u32 tid;
	__s32 fd; /* -1: not known */
	__u8 role;
	__u8 family;
	__u16 processor; /* that it was written on */
	char comm[FLOWTAP_COMM_BYTES];
};

struct flowtap_addresses {
	__u8 local[16]; /* IPv4 in the first four bytes */
	__u8 remote[16];
	__u16 local_port; /* host byte order */
	__u16 remote_port;
	__u32 _pad;
};

/* FLOWTAP_CONNECT and FLOWTAP_GETSOCKNAME */
struct flowtap_connect_record {
	struct flowtap_header header;
	struct flowtap_addresses addresses;
	__u16 local_path_bytes; /* AF_UNIX: bytes of the path, abstract names begin with NUL */
	__u16 remote_path_bytes;
	char local_path[FLOWTAP_PATH_BYTES];
	char remote_path[FLOWTAP_PATH_BYTES];
	__u32 _pad;
};

/* Followed by `captured` bytes. */
struct flowtap_data_record {
	struct flowtap_header header;
	struct flowtap_addresses addresses;
	__u64 offset;
	__u32 length;
	__u32 captured;
	__u8 direction;
	__u8 layer;
	__u8 gap;
	__u8 fd_source; /* FLOWTAP_TLS only */
	__u8 _pad[4];
};

struct flowtap_close_record {
	struct flowtap_header header;
	struct flowtap_addresses addresses;
	__u64 bytes[2][2]; /* [layer][direction] */
	__u64 plaintext_id; /* connection id that its plaintext was sent under, when it is another one, else 0 */
};

struct flowtap_process_record {
	struct flowtap_header header;
	__u32 action;
	__u32 stopped; /* SIGSTOP was sent: whoever started it lets it go on */
	char filename[FLOWTAP_NAME_BYTES];
	__u32 target; /* that the process belongs to */
	__u32 _pad;
};

struct flowtap_map_record {
	struct flowtap_header header;
	__u64 start; /* address of the mapping */
	__u64 inode;
	__u32 device_major;
	__u32 device_minor;
	__u32 target; /* that the process belongs to */
	__u32 _pad;
};

/* Read-only settings, fixed before the programs are loaded. */
struct flowtap_config {
	__u32 ring_bytes;
	__u32 headroom_bytes; /* of the ring, kept free for control records */
	__u32 watermark_bytes; /* wake the consumer when so much waits */
	__u32 max_call_bytes; /* copied of one call */
};

/* Who the consumer thread is waiting for. */
enum flowtap_consumer {
	FLOWTAP_CONSUMER_TIMER = 0, /* drains soon by itself: wake it at the watermark and for urgent records only */
	FLOWTAP_CONSUMER_IDLE = 1, /* sleeps: wake it at the next record */
	FLOWTAP_CONSUMER_WOKEN = 2, /* a wake-up is on its way */
};

/* Shared with user space while running. */
struct flowtap_state {
	__u32 consumer;
	__u32 spawn_parent; /* thread group whose next children become targets; 0: none */
	__u32 spawn_target;
	__u32 cgroup_targets; /* cgroups that are or will be targets; 0 saves the walk */
	__u64 cgroup_hierarchies; /* bit n: a hierarchy whose id is n modulo 64 has an entry */
	__u64 connection_ids;
	__u32 is_stopped; /* the end: nobody is a target any more, although probes are still attached */
	__u32 _pad;
	/*
	 * By the number in the cookies of a file's probes: when all of them were attached, 0 before and after. Probes come
	 * and go one by one, and a connection of which only one direction is seen would be understood wrongly.
	 */
	__u64 file_ready_ns[FLOWTAP_PROBED_FILES];
};

/* Values of the map `processes` (key: thread group id). */
struct flowtap_process {
	__u32 target; /* which target it belongs to */
	__u32 flags;
};
#define FLOWTAP_PROCESS_STOP_AT_EXEC (1 << 0)
#define FLOWTAP_PROCESS_BY_CGROUP (1 << 1)

/* connection.flags */
#define CONNECTION_TLS (1 << 0)
#define CONNECTION_JOINED_LATE (1 << 1)
/* connect() is under way and nothing was announced. */
#define CONNECTION_PENDING (1 << 2)
#define CONNECTION_CLOSED (1 << 3)
/* sequence_base[direction] is set: shift by the direction. */
#define CONNECTION_HAS_BASE (1 << 4)
/* 1 << 5 is the other direction's. Plaintext may have passed before the TLS functions were observed. */
#define CONNECTION_PLAINTEXT_LATE (1 << 6)
/* Its calls are seen by return probes, of which the kernel follows a limited number at a time. */
#define CONNECTION_MAY_MISS (1 << 7)

/* Values of the map `connections` (key: struct sock *). */
struct connection {
	__u64 id;
	__u64 socket; /* struct socket * and inode tell a new socket at an old address */
	__u64 inode;
	__u64 bytes[2][2]; /* transferred, [layer][direction] */
	__u32 sequence_base[2]; /* TCP sequence number of byte 0 */
	__u32 handshake_bytes[2]; /* ciphertext that was sent to user space */
	__u64 ssl; /* SSL* that it carries, 0: none known */
	__u64 plaintext_id; /* id that the plaintext was sent under when it came before the socket was known, else 0 */
	__u32 pid;
	__u32 tid;
	__s32 fd;
	__u8 role;
	__u8 family;
	__u8 flags;
	__u8 _pad;
	char comm[FLOWTAP_COMM_BYTES];
	struct flowtap_addresses addresses;
	__u64 created_ns; /* CLOCK_MONOTONIC: since when it is known */
};

/* Keys of the map `cgroup_targets`; the value is the target (__u32). */
struct flowtap_cgroup_key {
	__u64 id;
	__u32 hierarchy;
	__u32 _pad;
};

/* Keys of the map `cgroup_names`: the last part of a cgroup's path, filled up with zeros. The value is the target (__u32). */
#define FLOWTAP_CGROUP_NAME_BYTES 128
struct flowtap_cgroup_name {
	char text[FLOWTAP_CGROUP_NAME_BYTES];
};

/* Keys of the map `known_files`. */
struct flowtap_file_key {
	__u64 inode;
	__u32 device; /* as the kernel numbers it: major, and 20 bits of minor (kdev_t.h) */
	__u32 _pad;
};
#define FLOWTAP_DEVICE_MINOR_BITS 20

struct flowtap_count {
	__u64 events;
	__u64 bytes;
};

/*
 * Attach cookie of a probe in Go's crypto/tls: which place, flags, and a number in bits 16 to 23. func (c *Conn) Read(b
 * []byte) (int, error) and Write are alike. Bits 32 to 43 are the file's number in flowtap_state.file_ready_ns.
 */
enum flowtap_go_place {
	/* The call in Read that copies plaintext to the caller. The number: words of Read's frame. */
	FLOWTAP_GO_COPY = 1,
	/* A call in Write of func (c *Conn) writeRecordLocked(typ recordType, data []byte) (int, error). */
	FLOWTAP_GO_SEND = 2,
	/* Entry and return of either. The number: words from the thread pointer down to the goroutine, in the stack ABI. */
	FLOWTAP_GO_READ = 3,
	FLOWTAP_GO_WRITE = 4,
	/* Entry of func (c *Conn) Close() error */
	FLOWTAP_GO_CLOSE = 5,
};
#define FLOWTAP_GO_STACK_ABI (1 << 8)

/*
 * Attach cookie of a probe where OpenSSL copies plaintext to whoever reads: the places of three arguments of the function
 * that is being run, a byte for each. Below FLOWTAP_PLACE_REGISTER: above the stack pointer, in units of the value's size;
 * from there on: that register, as instructions number them. The file's number as below.
 */
#define FLOWTAP_PLACE_REGISTER 240
#define FLOWTAP_COPY_SSL(cookie) ((cookie) & 0xff) /* 8 bytes */
#define FLOWTAP_COPY_TYPE(cookie) (((cookie) >> 8) & 0xff) /* the lowest byte */
#define FLOWTAP_COPY_PEEK(cookie) (((cookie) >> 16) & 0xff) /* 4 bytes */

/*
 * Attach cookie of a TLS probe: which function was entered, and in bits 8 to 15 the position, from 1, of the argument
 * that points to the transferred count. Bits 32 to 43 are the file's number in flowtap_state.file_ready_ns.
 */
enum flowtap_tls_function {
	/* int or ssize_t f(ssl, buffer, bytes): transferred bytes, or <= 0 */
	FLOWTAP_TLS_READ = 1,
	FLOWTAP_TLS_WRITE = 2,
	/* int f(ssl, buffer, bytes, size_t *transferred) or (…, flags, size_t *transferred): 1 on success */
	FLOWTAP_TLS_READ_EX = 3,
	FLOWTAP_TLS_WRITE_EX = 4,
	/* int f(ssl, fd) */
	FLOWTAP_TLS_SET_FD = 5,
	/* void f(ssl) */
	FLOWTAP_TLS_FREE = 6,
	/* void f(session, void *): a descriptor by convention, and anything else in programs with transports of their own */
	FLOWTAP_TLS_SET_POINTER = 7,
	/* ssize_t f(session, …): as FLOWTAP_TLS_READ, and the data is in a buffer that the arguments do not tell */
	FLOWTAP_TLS_READ_UNSEEN = 8,
};

#endif
