//! The modules of opbus, as Node loads them.

#[cfg(not(feature = "testing"))]
opbus_node::export!(opbus_core::generated::modules);

#[cfg(feature = "testing")]
opbus_node::export!(opbus_core::generated::modules, opbus_core::testing::modules);
