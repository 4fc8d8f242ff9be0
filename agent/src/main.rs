//! `postern-agent`, the daemon on a protected computer.

fn main() -> std::process::ExitCode {
    postern_agent::cli::main()
}
