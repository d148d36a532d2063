//! Plugins as real libraries, good and hostile: what one does costs its own process, and is told with its name.

mod bundled;
mod hostile;
mod library;
mod unusable;
