//! The modules of opbus, as Node loads them.
