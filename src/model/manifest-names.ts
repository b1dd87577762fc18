import { z } from 'zod';

/*
 * Names in a manifest that lead somewhere: to a topic, or to a file. A model may come from anyone.
 */

/** A relative name of ROS. An absolute one would let a model choose whose pictures it sees. */
export const topicName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]*(\/[A-Za-z_][A-Za-z0-9_]*)*$/,
    'a relative ROS name: letters, digits and _, with / between its parts',
  );

/** A plain file name: a model folder must not point outside itself. */
export const fileName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, 'a plain file name inside the model folder');

/** A file in the model folder, or in a folder inside it. */
export const dataFileName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/, 'a file inside the model folder');
