import {
  AmbientLight,
  Box3,
  BufferAttribute,
  BufferGeometry,
  Color,
  DirectionalLight,
  GridHelper,
  Group,
  LineBasicMaterial,
  LineSegments,
  Material,
  Mesh,
  PerspectiveCamera,
  Scene,
  Sphere,
  Vector3,
  WebGLRenderer,
  type Object3D,
} from 'three';
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js';
import { Line2 } from 'three/examples/jsm/lines/Line2.js';
import { LineGeometry } from 'three/examples/jsm/lines/LineGeometry.js';
import { LineMaterial } from 'three/examples/jsm/lines/LineMaterial.js';
import URDFLoader, { type URDFRobot } from 'urdf-loader';

import type { NumbersFrame } from '../../binary-frame.js';
import { colour } from '../theme.js';

/** Directions from which the robot is looked at. ROS has z up. */
export type View = 'oblique' | 'top' | 'front' | 'side';

const DIRECTIONS: Readonly<Record<View, readonly [number, number, number]>> = {
  oblique: [1, -1, 1.1],
  // Not quite from above, where "up" would have no direction in the picture.
  top: [-0.001, 0, 1],
  front: [1, 0, 0.12],
  side: [0, -1, 0.12],
};
const FIELD_OF_VIEW_DEG = 40;
const GHOST_OPACITY = 0.3;
const PLAN_PIXELS = 4;
/** From the cheapest to the most expensive candidate, as in `~/candidates`. */
const RAMP = ['--series-5', '--series-3', '--series-4'];

/** The robot with its planned motion and the paths of the candidates. Lengths in m, z up. */
export class RobotScene {
  readonly #renderer: WebGLRenderer;
  readonly #scene = new Scene();
  readonly #camera = new PerspectiveCamera(FIELD_OF_VIEW_DEG, 1, 0.01, 100);
  readonly #controls: OrbitControls;
  readonly #candidates = new LineSegments(
    new BufferGeometry(),
    new LineBasicMaterial({ vertexColors: true, transparent: true, opacity: 0.75 }),
  );
  readonly #plan = new Line2(new LineGeometry(), new LineMaterial({ linewidth: PLAN_PIXELS }));
  #robot: URDFRobot | null = null;
  #ghost: URDFRobot | null = null;
  #isDirty = true;

  /** @throws Error where the browser has no WebGL */
  constructor(canvas: HTMLCanvasElement) {
    this.#renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.#camera.up.set(0, 0, 1);
    const sun = new DirectionalLight(0xffffff, 2.2);
    sun.position.set(1, -2, 4);
    this.#scene.add(new AmbientLight(0xffffff, 1.4), sun, this.#candidates, this.#plan);
    for (const line of [this.#candidates, this.#plan]) line.frustumCulled = false;
    this.#controls = new OrbitControls(this.#camera, canvas);
    this.#controls.addEventListener('change', () => {
      this.#isDirty = true;
    });
  }

  /** @param urdf text of the robot description */
  setRobot(urdf: string): void {
    for (const old of [this.#robot, this.#ghost]) if (old !== null) this.#scene.remove(old);
    this.#robot = this.#load(urdf, () => undefined);
    this.#ghost = this.#load(urdf, makeTransparent);
    this.#ghost.visible = false;
    hideFixed(this.#ghost);
    this.#scene.add(this.#robot, this.#ghost);
    this.#addFloor();
    this.look('oblique');
  }

  /** @param positions by the name of the joint, rad or m */
  pose(names: readonly string[], positions: ArrayLike<number>): void {
    setJoints(this.#robot, names, positions);
    this.#isDirty = true;
  }

  /** Shows the pose of the plan at one time; null: no plan is shown. */
  poseGhost(names: readonly string[], positions: ArrayLike<number> | null): void {
    if (this.#ghost === null) return;
    this.#ghost.visible = positions !== null;
    if (positions !== null) setJoints(this.#ghost, names, positions);
    this.#isDirty = true;
  }

  /** @param frame channel `candidates`: `[candidates, points, 3]`, the cheapest first */
  showCandidates(frame: NumbersFrame | undefined): void {
    const [count = 0, points = 0] = frame?.shape ?? [];
    const numbers = frame?.numbers ?? new Float32Array();
    const ends: number[] = [];
    const colours: number[] = [];
    const ramp = RAMP.map((name) => new Color(colour(name)));
    for (let candidate = 0; candidate < count; candidate++) {
      const tint = onRamp(ramp, count > 1 ? candidate / (count - 1) : 0);
      for (let point = 0; point + 1 < points; point++) {
        const at = (candidate * points + point) * 3;
        const segment = numbers.subarray(at, at + 6);
        if (!segment.every(Number.isFinite)) break;
        ends.push(...segment);
        colours.push(tint.r, tint.g, tint.b, tint.r, tint.g, tint.b);
      }
    }
    this.#candidates.geometry.dispose();
    this.#candidates.geometry = new BufferGeometry()
      .setAttribute('position', new BufferAttribute(new Float32Array(ends), 3))
      .setAttribute('color', new BufferAttribute(new Float32Array(colours), 3));
    this.#isDirty = true;
  }

  /** @param frame channel `plan_path`: `[1, points, 3]` */
  showPlan(frame: NumbersFrame | undefined): void {
    const numbers = frame?.numbers.filter(Number.isFinite) ?? new Float32Array();
    this.#plan.visible = numbers.length >= 6;
    if (this.#plan.visible) {
      this.#plan.geometry.dispose();
      this.#plan.geometry = new LineGeometry().setPositions(numbers);
      this.#plan.material.color.set(colour('--series-2'));
    }
    this.#isDirty = true;
  }

  look(view: View): void {
    if (this.#robot === null) return;
    this.#robot.updateMatrixWorld(true);
    const ball = new Box3().setFromObject(this.#robot).getBoundingSphere(new Sphere());
    const radius = Math.max(0.1, ball.radius);
    const distance = (radius / Math.sin((FIELD_OF_VIEW_DEG * Math.PI) / 360)) * 0.95;
    const [x, y, z] = DIRECTIONS[view];
    this.#camera.position.copy(ball.center).add(new Vector3(x, y, z).normalize().multiplyScalar(distance));
    this.#camera.near = radius / 50;
    this.#camera.far = radius * 50;
    this.#camera.updateProjectionMatrix();
    this.#controls.target.copy(ball.center);
    this.#controls.update();
    this.#isDirty = true;
  }

  /** Turns the view about the vertical, for keyboards. */
  turn(angle: number): void {
    const offset = this.#camera.position.clone().sub(this.#controls.target);
    offset.applyAxisAngle(this.#camera.up, angle);
    this.#camera.position.copy(this.#controls.target).add(offset);
    this.#controls.update();
    this.#isDirty = true;
  }

  resize(width: number, height: number): void {
    this.#renderer.setPixelRatio(Math.min(2, devicePixelRatio));
    this.#renderer.setSize(width, height, false);
    this.#camera.aspect = width / height;
    this.#camera.updateProjectionMatrix();
    this.#isDirty = true;
  }

  /** Draws it if anything has changed. */
  draw(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#renderer.render(this.#scene, this.#camera);
  }

  dispose(): void {
    this.#controls.dispose();
    this.#renderer.dispose();
  }

  #load(urdf: string, restyle: (part: Object3D) => void): URDFRobot {
    const loader = new URDFLoader();
    // Meshes come from the server, which finds them in the ROS packages.
    loader.packages = (name) => `/robot/package/${encodeURIComponent(name)}`;
    loader.loadMeshCb = (url, manager, material, done) => {
      loader.defaultMeshLoader(url, manager, material, (mesh, error) => {
        // A mesh that is missing leaves its link without a shape.
        if (error === undefined) mesh.traverse(restyle);
        done(mesh, error);
        this.#isDirty = true;
      });
    };
    const robot = loader.parse(urdf);
    robot.traverse(restyle);
    return robot;
  }

  /** A grid below the robot, for the sense of scale: squares of 10 cm. */
  #addFloor(): void {
    const known = this.#scene.getObjectByName('floor');
    if (known !== undefined) this.#scene.remove(known);
    const box = new Box3().setFromObject(this.#robot ?? new Group());
    const size = Math.max(1, Math.ceil(2 * Math.max(box.max.x - box.min.x, box.max.y - box.min.y)));
    const grid = new GridHelper(size, size * 10, 0x7f8b9a, 0x7f8b9a);
    grid.name = 'floor';
    grid.rotation.x = Math.PI / 2;
    grid.position.z = Math.min(0, box.min.z) - 0.002;
    grid.material.transparent = true;
    grid.material.opacity = 0.12;
    this.#scene.add(grid);
  }
}

function makeTransparent(part: Object3D): void {
  if (!(part instanceof Mesh) || !(part.material instanceof Material)) return;
  const material = part.material.clone();
  material.transparent = true;
  material.opacity = GHOST_OPACITY;
  material.depthWrite = false;
  part.material = material;
}

/** Hides what no joint moves: two tables in one place flicker. */
function hideFixed(robot: URDFRobot): void {
  const moved = new Set<Object3D>();
  for (const joint of Object.values(robot.joints)) {
    if (joint.jointType !== 'fixed') joint.traverse((part) => moved.add(part));
  }
  robot.traverse((part) => {
    if ('isURDFVisual' in part) part.visible = moved.has(part);
  });
}

function setJoints(robot: URDFRobot | null, names: readonly string[], positions: ArrayLike<number>): void {
  for (const [index, name] of names.entries()) {
    const position = positions[index];
    if (position !== undefined && Number.isFinite(position)) robot?.setJointValue(name, position);
  }
}

/** @param share 0 to 1 */
function onRamp(ramp: readonly Color[], share: number): Color {
  const place = share * (ramp.length - 1);
  const from = ramp[Math.floor(place)] ?? new Color();
  const to = ramp[Math.ceil(place)] ?? from;
  return from.clone().lerp(to, place - Math.floor(place));
}
