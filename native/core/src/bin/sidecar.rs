//! opbus's own modules in a process of their own.

fn main() {
    #[allow(unused_mut)]
    let mut modules = opbus_core::generated::modules();
    #[cfg(feature = "testing")]
    modules.extend(opbus_core::testing::modules());
    std::process::exit(opbus_core::sidecar::serve(modules));
}
