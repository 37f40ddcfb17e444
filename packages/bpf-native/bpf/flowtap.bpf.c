/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The programs, one line each; what they do is in the headers. */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "syscall_numbers.h"
#include "event.h"
#include "maps.h"
#include "ring.h"
#include "filter.h"
#include "socket.h"
#include "connection.h"
#include "tcp.h"
#include "transfer.h"
#include "tls-record.h"
#include "tls.h"
#include "openssl-copy.h"
#include "go-tls.h"
#include "socket-data.h"
#include "syscall.h"
#include "process.h"
#include "uprobe.h"

/* The helpers that read memory are for GPL-compatible programs only (Documentation/bpf/bpf_licensing.rst). */
char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* System calls, back end "tracepoint": one raw tracepoint each way for all of them. */

SEC("tp_btf/sys_enter")
int BPF_PROG(syscall_entry, struct pt_regs *regs, long id)
{
	return on_syscall_entry(regs, ALONE);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(syscall_exit, struct pt_regs *regs, long result)
{
	return on_syscall_exit(regs, result, ALONE, false);
}

/* The same by two programs each, for kernels that preempt them: see enum place. */

SEC("tp_btf/sys_enter")
int BPF_PROG(syscall_entry_1, struct pt_regs *regs, long id)
{
	return on_syscall_entry(regs, FIRST);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(syscall_entry_2, struct pt_regs *regs, long id)
{
	return on_syscall_entry(regs, SECOND);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(syscall_exit_1, struct pt_regs *regs, long result)
{
	return on_syscall_exit(regs, result, FIRST, true);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(syscall_exit_2, struct pt_regs *regs, long result)
{
	return on_syscall_exit(regs, result, SECOND, true);
}

/*
 * Back end "kprobe": one program on the entry or return of each function; the registers are the task's all the same. A
 * return probe by perf_event_open follows max(10, 2 × processors) calls at a time, of whatever process; what is beyond is
 * missed (register_kretprobe, kernel/kprobes.c). TCP's own counters tell how many bytes that were.
 */

SEC("kprobe")
int kprobe_entry(struct pt_regs *ctx)
{
	return on_syscall_entry((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()), ALONE);
}

SEC("kretprobe")
int kprobe_exit(struct pt_regs *ctx)
{
	return on_syscall_exit((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()), PT_REGS_RC(ctx), ALONE,
			       true);
}

/* Sockets */

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_state, struct sock *sock, int old_state, int new_state)
{
	return on_tcp_state(sock, new_state);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(tcp_destroyed, struct sock *sock)
{
	connection_end((u64)sock);
	return 0;
}

/* Processes */

SEC("tp_btf/sched_process_fork")
int BPF_PROG(forked, struct task_struct *parent, struct task_struct *child)
{
	process_fork(parent, child);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(executed, struct task_struct *task, pid_t old_pid, struct linux_binprm *binary)
{
	process_exec(binary);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exited, struct task_struct *task)
{
	process_exit(task);
	return 0;
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_moved, struct cgroup *cgroup, const char *path, struct task_struct *task)
{
	process_cgroup(task);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_created, struct cgroup *cgroup, const char *path)
{
	cgroup_made(cgroup);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_removed, struct cgroup *cgroup, const char *path)
{
	cgroup_gone(cgroup);
	return 0;
}

/* TLS libraries: one program for entry and return where the kernel can (6.13), else one for each. */

SEC("uprobe")
int tls_call(struct pt_regs *ctx)
{
	keep_kernel_stack(ctx);
	/* The helper tells the function's entry both times. Returns 1 at an entry whose return nobody wants to see. */
	if (PT_REGS_IP(ctx) != bpf_get_func_ip(ctx))
		return on_tls_return(ctx);
	return !on_tls_entry(ctx, bpf_get_attach_cookie(ctx));
}

SEC("uprobe")
int tls_entry(struct pt_regs *ctx)
{
	keep_kernel_stack(ctx);
	on_tls_entry(ctx, bpf_get_attach_cookie(ctx));
	return 0;
}

SEC("uretprobe")
int tls_return(struct pt_regs *ctx)
{
	keep_kernel_stack(ctx);
	return on_tls_return(ctx);
}

/* OpenSSL inside a program: a place in its code. */

SEC("uprobe")
int tls_copy(struct pt_regs *ctx)
{
	keep_kernel_stack(ctx);
	return on_tls_copy(ctx, bpf_get_attach_cookie(ctx));
}

/* Go's crypto/tls: probes on instructions only, for a return probe would change the stack that Go walks and moves. */

SEC("uprobe")
int go_tls_place(struct pt_regs *ctx)
{
	keep_kernel_stack(ctx);
	return on_go_place(ctx, bpf_get_attach_cookie(ctx));
}

SEC("uprobe")
int go_tls_return(struct pt_regs *ctx)
{
	keep_kernel_stack(ctx);
	return on_go_return(ctx, bpf_get_attach_cookie(ctx));
}

/* Run by user space on itself: its process id as the kernel knows it, whatever pid namespace it is in. */
SEC("raw_tp")
int whoami(void *ctx)
{
	return bpf_get_current_pid_tgid() >> 32;
}
