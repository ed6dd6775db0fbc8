import { Anchor, Button, Collapse, Group, PasswordInput, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { sentenceOf } from "../api/problem.ts";
import classes from "./sign-in.module.css";

/** To be one of the accounts that `npm start` prints. */
export function OtherKey({ onFailure }: { onFailure: (text: string | null) => void }) {
  const [open, setOpen] = useState(false);
  const [key, setKey] = useState("");
  const [taken, setTaken] = useState("");
  async function take(event: FormEvent): Promise<void> {
    event.preventDefault();
    try {
      setTaken(`Taken. Now choose the ${await replaceKey(key.trim())}.`);
      setKey("");
      onFailure(null);
    } catch (error) {
      setTaken("");
      onFailure(sentenceOf(error));
    }
  }
  return (
    <div>
      <Anchor component="button" type="button" size="sm" onClick={() => setOpen(!open)} aria-expanded={open}>
        Give a toy wallet another key
      </Anchor>
      <Collapse expanded={open}>
        <form className={classes.key} onSubmit={(event) => void take(event)}>
          <PasswordInput
            label="Private key or seed of a test account"
            description="For local chains only, such as those that npm start prints. It replaces the one that is there."
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            autoComplete="off"
          />
          <Group gap="sm">
            <Button type="submit" variant="default" size="sm" disabled={key === ""}>
              Use this key
            </Button>
            <Text size="sm" role="status">
              {taken}
            </Text>
          </Group>
        </form>
      </Collapse>
    </div>
  );
}

/** Gives it to the toy that can use it, and says which one that is. */
async function replaceKey(key: string): Promise<string> {
  if (key.startsWith("s")) {
    const { replaceToySeed } = await import("../chain/xrpl-toy-seed.ts");
    replaceToySeed(key);
    return "toy XRPL wallet";
  }
  const { replaceToyKey } = await import("../chain/toy-wallet.ts");
  replaceToyKey(key);
  return "toy wallet";
}
