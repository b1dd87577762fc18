import { atStart, choice, double, dynamic, fixed, flag, integer, text } from '../core/parameter.js';

/**
 * Parameters of the ROS adapters. They are declared here and not beside what they steer, since imports point one way: the ROS room imports the
 * schema that is composed from them.
 */
export const nodeParameters = {
  autostart: atStart(flag(false), '', 'Configure and activate without a lifecycle manager.'),
  'activation.wait_s': dynamic(
    double({ min: 0, max: 600, default: 0 }),
    's',
    'How long a request to activate may wait for the model and for fresh inputs before it is answered; 0: it is refused at once.',
  ),
  dry_run: fixed(
    flag(false),
    '',
    'Plan and report as usual, but send no command. The robot may be moved by hand meanwhile.',
  ),
  'joint_states.stamps': fixed(
    choice(['header', 'arrival'], 'header'),
    '',
    'When a joint state was measured: at the time in its header, or when it arrived, for drivers that do not stamp or use another clock.',
  ),
  'camera.stamps': fixed(
    choice(['header', 'arrival'], 'header'),
    '',
    'When a frame was taken: at the time in its header, or when it arrived, for cameras that do not stamp or use another clock. The delay of the camera is unknown then.',
  ),
  'camera.transport': fixed(
    choice(['raw', 'compressed'], 'raw'),
    '',
    'Transport of all images, goal images included: sensor_msgs/Image on their topics, or JPEG or PNG on <topic>/compressed.',
  ),
  'candidates.count': dynamic(
    integer({ min: 0, max: 500, default: 40 }),
    '1',
    'Candidates shown on ~/candidates, ~/candidate_actions and ~/candidate_costs while they have subscribers, from the cheapest to the most expensive; 0: none.',
  ),
  'candidates.rate': dynamic(
    double({ min: 0.1, max: 100, default: 10 }),
    'Hz',
    'Maximum rate at which candidates are shown.',
  ),
  'candidates.link': dynamic(
    text(),
    '',
    'Link whose path is shown. Empty: the last one of the chain that the model moves.',
  ),
  'statistics.cost_terms': dynamic(
    flag(true),
    '',
    'Break the cost of each plan down in ~/statistics while it has subscribers: one more run of the model, with two candidates.',
  ),
};
