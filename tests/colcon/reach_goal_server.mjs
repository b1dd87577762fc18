// A server of ReachGoal on the rclnodejs of a package: `node reach_goal_server.mjs <folder with node_modules>`. It takes every goal,
// sends one feedback and ends the goal with the outcome that its tolerance names.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder = process.cwd()] = process.argv.slice(2);
const required = createRequire(join(folder, 'package.json'))('rclnodejs');
/** @type {typeof import('rclnodejs')} */
const rclnodejs = required.default ?? required;
const ACTION = /** @type {const} */ ('jepa_mpc_msgs/action/ReachGoal');

await rclnodejs.init();
const node = new rclnodejs.Node('reach_goal_server');
const { Feedback, Result } = rclnodejs.require(ACTION);

let description = '';
let outcome = Result.OUTCOME_UNKNOWN;

new rclnodejs.ActionServer(
  node,
  ACTION,
  'reach_goal',
  (handle) => {
    const feedback = new Feedback();
    Object.assign(feedback, { distance: 2.5, plan_cost: 3.5, plan_ms: 4.5, frame_age_ms: 5.5 });
    handle.publishFeedback(feedback);
    handle.succeed();
    return Object.assign(new Result(), { outcome, reason: description, final_distance: 0.25 });
  },
  (goal) => {
    const bytes = Array.from(goal.goal_images[0]?.data ?? []);
    description = `${goal.goal_name}: ${String(goal.goal_images.length)} images, bytes ${bytes.join(' ')}`;
    outcome = goal.tolerance;
    return rclnodejs.GoalResponse.ACCEPT;
  },
);
node.spin();
process.once('SIGTERM', () => {
  rclnodejs.shutdown();
});
