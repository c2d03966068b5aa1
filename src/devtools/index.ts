/**
 * A page that shows the bus.
 *
 * @since 0.1.0
 */
export {}
