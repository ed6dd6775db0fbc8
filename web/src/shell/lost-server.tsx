import { Loader } from "@mantine/core";
import { serverStatus } from "../api/server-status.ts";
import { useStore } from "../lib/store.ts";
import classes from "./shell.module.css";

/** Shown while the server does not answer. Always in the page, so that screen readers hear it appear. */
export function LostServer() {
  const status = useStore(serverStatus);
  return (
    <div role="status">
      {status === "down" && (
        <div className={classes.lost}>
          <div className={classes.lostInner}>
            <Loader size={16} color="currentColor" />
            <span>
              <strong>The server cannot be reached.</strong> What you see may be old. Trying again by itself;
              nothing is lost.
            </span>
          </div>
        </div>
      )}
    </div>
  );
}
