/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef FLOWTAP_UPROBE_H
#define FLOWTAP_UPROBE_H

/*
 * Each program at a uprobe begins with this. Since Linux 6.13 programs with large frames have a stack of their own on each
 * processor, on the ground that the kernel does not run a program that is active on that processor already
 * (bpf_enable_priv_stack, kernel/bpf/verifier.c). At uprobes it does: there a program can be preempted, and the next task
 * that comes to it on that processor would overwrite its variables. A program with a tail call stays on the kernel's stack.
 * This one is never made, for no ring is without bytes, and the verifier removes it.
 */
static __always_inline void keep_kernel_stack(void *ctx)
{
	if (config.ring_bytes == 0)
		bpf_tail_call(ctx, NULL, 0);
}

#endif
