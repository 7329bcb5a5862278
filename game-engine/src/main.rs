//! The game engine as a process of its own.

fn main() -> std::process::ExitCode {
    game_engine::main()
}
