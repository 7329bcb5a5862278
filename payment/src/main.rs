//! The payment service as a process of its own.

fn main() -> std::process::ExitCode {
    payment::main()
}
