//! The three registers from which unwinding starts.

/// Where a thread was, and where its stack is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Registers {
    /// The next instruction.
    pub(crate) ip: u64,
    /// The stack pointer.
    pub(crate) sp: u64,
    /// The frame pointer; any value where a function uses it for something else.
    pub(crate) fp: u64,
    /// The link register; 0 where there is none.
    pub(crate) lr: u64,
}

impl Registers {
    /// What the system saved of the thread that a signal interrupted.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn of(context: &libc::ucontext_t) -> Self {
        let register = |number: i32| context.uc_mcontext.gregs[number as usize] as u64;
        Self { ip: register(libc::REG_RIP), sp: register(libc::REG_RSP), fp: register(libc::REG_RBP), lr: 0 }
    }

    /// What the system saved of the thread that a signal interrupted.
    #[cfg(target_arch = "aarch64")]
    pub(crate) fn of(context: &libc::ucontext_t) -> Self {
        let machine = &context.uc_mcontext;
        Self { ip: machine.pc, sp: machine.sp, fp: machine.regs[29], lr: machine.regs[30] }
    }

    #[cfg(target_arch = "x86_64")]
    pub(super) fn native(self) -> framehop::UnwindRegsNative {
        framehop::UnwindRegsNative::new(self.ip, self.sp, self.fp)
    }

    #[cfg(target_arch = "aarch64")]
    pub(super) fn native(self) -> framehop::UnwindRegsNative {
        framehop::UnwindRegsNative::new(self.lr, self.sp, self.fp)
    }
}
