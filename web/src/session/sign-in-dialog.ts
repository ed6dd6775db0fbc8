import { createStore } from "../lib/store.ts";

/** Whether the sign-in dialog is open; its code loads when it is. */
export const signInDialog = createStore(false);

export const openSignIn = (): void => signInDialog.set(true);
export const closeSignIn = (): void => signInDialog.set(false);
