//! As a container restricts a process: no capabilities, and a filter of system calls.

use std::io;

/// What the default profile of container engines denies a process without capabilities, as far as a sampler could want it.
const DENIED: [libc::c_long; 8] = [
    libc::SYS_perf_event_open,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_pidfd_getfd,
];

/// The program that the calling process executes next has no capabilities, gets none, and may not make those calls.
pub(crate) fn enter() -> io::Result<()> {
    let ok = |result: libc::c_int| if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) };
    for capability in 0..=libc::c_ulong::from(u8::MAX >> 2) {
        // There are fewer of them; who may not drop any has none.
        // SAFETY: it takes a number.
        unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
    }
    // SAFETY: it takes numbers.
    ok(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    let mut filter = [ALLOW; DENIED.len() * 2 + 2];
    filter[0] = statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0);
    for (at, call) in DENIED.into_iter().enumerate() {
        // Where it is another call, the denial is passed over.
        filter[1 + 2 * at] = libc::sock_filter {
            jf: 1,
            ..statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, call as u32)
        };
        filter[2 + 2 * at] =
            statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32);
    }
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the program is there until the call returns.
    ok(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program, 0, 0) })
}

const ALLOW: libc::sock_filter = statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW);

const fn statement(code: u32, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: 0, jf: 0, k }
}
