#include "arm.hh"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace jepa_mpc
{
namespace
{
using gazebo::physics::LinkPtr;
using ignition::math::Pose3d;
using ignition::math::Quaterniond;
using ignition::math::Vector3d;

/// Time constant of a velocity servo in s, for the joint's inertia at the pose where the model was loaded. At others it may
/// have a small part of that inertia.
constexpr double kServoTimeConstant = 0.004;

void addWithChildren(const LinkPtr &link, gazebo::physics::Link_V &found)
{
  found.push_back(link);
  for (const auto &joint : link->GetChildJoints())
    addWithChildren(joint->GetChild(), found);
}

/// Moment of inertia of links about `axis` through `anchor`, in kg m^2.
double inertiaAbout(const gazebo::physics::Link_V &links, const Vector3d &anchor, const Vector3d &axis)
{
  double inertia = 0;
  for (const auto &link : links)
  {
    const Vector3d arm = link->WorldCoGPose().Pos() - anchor;
    const Vector3d across = arm - axis * arm.Dot(axis);
    inertia += axis.Dot(link->WorldInertiaMatrix() * axis) + link->GetInertial()->Mass() * across.SquaredLength();
  }
  return inertia;
}

/// Solves A x = b for a symmetric, positive definite A, by Cholesky's decomposition. `matrix`: A, row by row.
std::vector<double> solved(std::vector<double> matrix, std::vector<double> values)
{
  const std::size_t n = values.size();
  const auto at = [&matrix, n](std::size_t row, std::size_t column) -> double & { return matrix[row * n + column]; };
  for (std::size_t j = 0; j < n; ++j)
  {
    for (std::size_t k = 0; k < j; ++k)
      at(j, j) -= at(j, k) * at(j, k);
    at(j, j) = std::sqrt(at(j, j));
    for (std::size_t i = j + 1; i < n; ++i)
    {
      for (std::size_t k = 0; k < j; ++k)
        at(i, j) -= at(i, k) * at(j, k);
      at(i, j) /= at(j, j);
    }
  }
  for (std::size_t i = 0; i < n; ++i)
  {
    for (std::size_t k = 0; k < i; ++k)
      values[i] -= at(i, k) * values[k];
    values[i] /= at(i, i);
  }
  for (std::size_t i = n; i-- > 0;)
  {
    for (std::size_t k = i + 1; k < n; ++k)
      values[i] -= at(k, i) * values[k];
    values[i] /= at(i, i);
  }
  return values;
}

double massOf(const gazebo::physics::Link_V &links)
{
  double mass = 0;
  for (const auto &link : links)
    mass += link->GetInertial()->Mass();
  return mass;
}
}  // namespace

Arm::Arm(gazebo::physics::ModelPtr model, const std::vector<std::string> &jointNames)
  : model_(std::move(model)),
    links_(model_->GetLinks()),
    setPoints_(jointNames.size()),
    efforts_(jointNames.size())
{
  // As in the MuJoCo simulator: the drives of a real arm compensate gravity, which velocity servos alone do not.
  this->model_->SetGravityMode(false);
  for (const auto &link : this->links_)
    this->loaded_.push_back(link->WorldPose());
  for (const auto &name : jointNames)
    this->joints_.push_back(this->describe(name));
}

Arm::Joint Arm::describe(const std::string &name) const
{
  const auto handle = this->model_->GetJoint(name);
  if (!handle)
    throw std::runtime_error("model " + this->model_->GetName() + ": found no joint '" + name + "'");
  const bool isPrismatic = handle->HasType(gazebo::physics::Base::SLIDER_JOINT);
  if (!isPrismatic && !handle->HasType(gazebo::physics::Base::HINGE_JOINT))
    throw std::runtime_error("joint '" + name + "': found another type, expected revolute or prismatic");
  if (!handle->GetParent())
    throw std::runtime_error("joint '" + name + "': found the world as its parent, expected a link");
  gazebo::physics::Link_V moving;
  addWithChildren(handle->GetChild(), moving);
  const Pose3d parent = handle->GetParent()->WorldPose(), child = handle->GetChild()->WorldPose();
  const Vector3d anchor = handle->Anchor(0), axis = handle->GlobalAxis(0);

  Joint joint;
  joint.handle = handle;
  joint.isPrismatic = isPrismatic;
  joint.parent = this->indexOf(handle->GetParent());
  joint.child = this->indexOf(handle->GetChild());
  for (const auto &link : moving)
    joint.beyond.push_back(this->indexOf(link));
  joint.anchor = parent.Rot().RotateVectorReverse(anchor - parent.Pos());
  joint.axis = parent.Rot().RotateVectorReverse(axis);
  joint.rest = Pose3d(parent.Rot().RotateVectorReverse(child.Pos() - parent.Pos()), parent.Rot().Inverse() * child.Rot());
  joint.gain = (isPrismatic ? massOf(moving) : inertiaAbout(moving, anchor, axis)) / kServoTimeConstant;
  return joint;
}

std::size_t Arm::indexOf(const LinkPtr &link) const
{
  return static_cast<std::size_t>(std::find(this->links_.begin(), this->links_.end(), link) - this->links_.begin());
}

void Arm::actuate()
{
  // Efforts that follow from the velocities before the step would shake an arm whose inertia is far below that of the gains.
  // These follow from the velocities after it, as those of MuJoCo's implicit integrator do:
  // (M + h G) change = h G (set point - velocity), and the effort is M change / h.
  const std::size_t n = this->size();
  const double step = this->model_->GetWorld()->Physics()->GetMaxStepSize();
  const auto mass = this->massMatrix();
  auto implicit = mass;
  std::vector<double> wanted(n);
  for (std::size_t j = 0; j < n; ++j)
  {
    const double gain = step * this->joints_[j].gain;
    implicit[j * n + j] += gain;
    wanted[j] = gain * (this->setPoints_[j] - this->joints_[j].handle->GetVelocity(0));
  }
  const auto change = solved(std::move(implicit), std::move(wanted));
  for (std::size_t j = 0; j < n; ++j)
  {
    double effort = 0;
    for (std::size_t k = 0; k < n; ++k)
      effort += mass[j * n + k] * change[k] / step;
    const auto &handle = this->joints_[j].handle;
    const double limit = handle->GetEffortLimit(0);
    this->efforts_[j] = limit < 0 ? effort : std::clamp(effort, -limit, limit);
    handle->SetForce(0, this->efforts_[j]);
  }
}

std::vector<double> Arm::massMatrix() const
{
  const std::size_t n = this->size();
  std::vector<Vector3d> anchors, axes;
  for (const auto &joint : this->joints_)
  {
    const Pose3d parent = this->links_[joint.parent]->WorldPose();
    anchors.push_back(parent.Pos() + parent.Rot().RotateVector(joint.anchor));
    axes.push_back(parent.Rot().RotateVector(joint.axis));
  }
  std::vector<double> matrix(n * n, 0.0);
  for (std::size_t l = 0; l < this->links_.size(); ++l)
  {
    const auto &link = this->links_[l];
    const Vector3d centre = link->WorldCoGPose().Pos();
    const auto inertia = link->WorldInertiaMatrix();
    // What a unit velocity of each joint gives the link's centre of mass, and its rotation; the joints that move it.
    std::vector<Vector3d> linear(n), angular(n);
    std::vector<std::size_t> moving;
    for (std::size_t j = 0; j < n; ++j)
    {
      const auto &joint = this->joints_[j];
      if (std::find(joint.beyond.begin(), joint.beyond.end(), l) == joint.beyond.end())
        continue;
      moving.push_back(j);
      linear[j] = joint.isPrismatic ? axes[j] : axes[j].Cross(centre - anchors[j]);
      angular[j] = joint.isPrismatic ? Vector3d::Zero : axes[j];
    }
    for (const auto j : moving)
      for (const auto k : moving)
        matrix[j * n + k] += link->GetInertial()->Mass() * linear[j].Dot(linear[k]) + angular[j].Dot(inertia * angular[k]);
  }
  return matrix;
}

void Arm::teleport(const std::vector<double> &positions)
{
  const auto poses = this->posesAt(positions);
  for (std::size_t l = 0; l < this->links_.size(); ++l)
    this->links_[l]->SetWorldPose(poses[l]);
  this->model_->ResetPhysicsStates();
  this->setPoints_.assign(this->size(), 0.0);
  this->efforts_.assign(this->size(), 0.0);
}

std::vector<double> Arm::positions() const
{
  std::vector<double> values;
  for (const auto &joint : this->joints_)
  {
    const Pose3d parent = this->links_[joint.parent]->WorldPose(), child = this->links_[joint.child]->WorldPose();
    if (joint.isPrismatic)
    {
      const Vector3d offset = parent.Rot().RotateVectorReverse(child.Pos() - parent.Pos()) - joint.rest.Pos();
      values.push_back(offset.Dot(joint.axis));
      continue;
    }
    const Quaterniond rotation = parent.Rot().Inverse() * child.Rot() * joint.rest.Rot().Inverse();
    const double half = std::atan2(Vector3d(rotation.X(), rotation.Y(), rotation.Z()).Dot(joint.axis), rotation.W());
    values.push_back(std::remainder(2 * half, 2 * M_PI));
  }
  return values;
}

std::vector<double> Arm::velocities() const
{
  std::vector<double> values;
  for (const auto &joint : this->joints_)
    values.push_back(joint.handle->GetVelocity(0));
  return values;
}

LinkPoses Arm::linkPoses() const
{
  LinkPoses poses;
  for (const auto &link : this->links_)
    poses.emplace_back(link->GetScopedName(), link->WorldPose());
  return poses;
}

LinkPoses Arm::linkPosesAt(const std::vector<double> &positions) const
{
  const auto poses = this->posesAt(positions);
  LinkPoses named;
  for (std::size_t l = 0; l < this->links_.size(); ++l)
    named.emplace_back(this->links_[l]->GetScopedName(), poses[l]);
  return named;
}

std::vector<Pose3d> Arm::posesAt(const std::vector<double> &positions) const
{
  auto poses = this->loaded_;
  for (std::size_t j = 0; j < this->size(); ++j)
  {
    const auto &joint = this->joints_[j];
    const Pose3d &parent = poses[joint.parent];
    const Vector3d anchor = parent.Pos() + parent.Rot().RotateVector(joint.anchor);
    const Vector3d axis = parent.Rot().RotateVector(joint.axis);
    for (const auto l : joint.beyond)
    {
      if (joint.isPrismatic)
      {
        poses[l].Pos() += axis * positions[j];
        continue;
      }
      const Quaterniond rotation(axis, positions[j]);
      poses[l].Pos() = anchor + rotation.RotateVector(poses[l].Pos() - anchor);
      poses[l].Rot() = rotation * poses[l].Rot();
    }
  }
  return poses;
}
}  // namespace jepa_mpc
