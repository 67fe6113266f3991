//! Where a program runs: the realm and the site of its sandbox, and the platform that the realm has.

use sandbox_runtime::process::Process;
use sandbox_runtime::site::Site;
use sandbox_runtime::{
    Builder, Client, Console, Intrinsics, Limits, Permission, Result, Sandbox, Script, Web, sandbox_api,
};

use crate::slack::long;
use crate::table::{Need, Program};

#[sandbox_api(guest)]
pub(crate) trait Main {
    /// The result as JSON.
    async fn run(&self) -> Result<String>;
}

#[derive(Clone, Copy)]
pub(crate) struct World {
    intrinsics: Intrinsics,
    is_in_a_process: bool,
    /// Whether a program gets what it needs.
    has_platform: bool,
}

pub(crate) const OPEN: World =
    World { intrinsics: Intrinsics::Open, is_in_a_process: false, has_platform: true };
pub(crate) const FROZEN: World = World { intrinsics: Intrinsics::Frozen, ..OPEN };
pub(crate) const IN_A_PROCESS: World = World { is_in_a_process: true, ..OPEN };
pub(crate) const FROZEN_IN_A_PROCESS: World = World { is_in_a_process: true, ..FROZEN };

impl World {
    /// Without what a program needs.
    pub(crate) fn bare(self) -> Self {
        Self { has_platform: false, ..self }
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.intrinsics == Intrinsics::Frozen
    }

    /// A program in a sandbox of its own.
    pub(crate) fn load(&self, program: &Program, source: String) -> Result<Box<dyn Main>> {
        let script = Script::new("program.mjs", source);
        let builder = Sandbox::builder();
        Ok(match self.is_in_a_process {
            true => {
                let process = Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker"));
                Box::new(self.build(builder.transport(process), program)?.load::<dyn Main>(script)?)
            }
            false => Box::new(self.build(builder, program)?.load::<dyn Main>(script)?),
        })
    }

    /// The result of a program.
    pub(crate) fn run(&self, program: &Program, source: String) -> Result<String> {
        call(&*self.load(program, source)?)
    }

    fn build<S: Site>(&self, builder: Builder<Client<S>>, program: &Program) -> Result<Client<S>> {
        let limits = Limits { heap: 512 << 20, script_bytes: 16 << 20, ..long() };
        let builder = builder.limits(limits).intrinsics(self.intrinsics);
        match self.has_platform {
            true => with_platform(builder, program),
            false => builder.build(),
        }
    }
}

/// Calls a program, and waits for its result.
pub(crate) fn call(program: &dyn Main) -> Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(program.run())
}

/// A sandbox with all that a program needs: the names of node, and permissions.
fn with_platform<S: Site>(builder: Builder<Client<S>>, program: &Program) -> Result<Client<S>> {
    let builder = program.needs.iter().fold(builder.web(Web::node()), |builder, need| match need {
        Need::Eval => builder.allow(Permission::Eval),
        Need::WebAssembly => builder.allow(Permission::WebAssembly),
        Need::Console => builder.console(Console::Capture),
        Need::Web(_) | Need::Missing(_) => builder,
    });
    builder.build()
}
